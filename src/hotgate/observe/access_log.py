"""One JSON line per request, formatted in small batches and written by another thread."""

import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from hotgate.observe.access_record import AccessRecord, lines_of
from hotgate.observe.chunk_writer import ChunkWriter
from hotgate.observe.sink import Sink

_FORMAT_BATCH = 64  # 0.2 ms: no request waits longer for the log
_WRITE_BATCH = 512  # waking the writer's thread costs as much as formatting 20 lines
_CLOSE_SECONDS = 5.0

Record = TypeVar("Record")
Form = Callable[[Sequence[Record], float], bytes]


class RecordLog(Generic[Record]):
    """`append` is the hot path; `tick` (each 250 ms) hands over what a quiet worker has collected.

    form: records, and what turns monotonic seconds into those since 1970, → lines. A sink that stalls costs lines,
    which are counted, and never time.
    """

    def __init__(
        self,
        sink: Sink,
        form: Form[Record],
        *,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._writer = ChunkWriter(sink)
        self._form = form
        self._wall = wall
        self._monotonic = monotonic
        self._records: list[Record] = []
        self._chunks: list[bytes] = []
        self._lines = 0
        self._unwritable = 0

    @property
    def dropped(self) -> int:
        """Lines lost because the sink stalls or fails, or because a policy left something in them that is no text."""
        return self._writer.dropped + self._unwritable

    def append(self, record: Record) -> None:
        """Take one record."""
        self._records.append(record)
        if len(self._records) >= _FORMAT_BATCH:
            self._format()
            if self._lines >= _WRITE_BATCH:
                self._hand_over()

    def tick(self) -> None:
        """Give everything so far to the writer."""
        self._format()
        self._hand_over()

    def reopen(self) -> None:
        """After a rotation: what was logged before goes to the old file."""
        self.tick()
        self._writer.reopen()

    def close(self, seconds: float = _CLOSE_SECONDS) -> bool:
        """Write everything and end. False: the sink stalls and lines were lost."""
        self.tick()
        return self._writer.close(seconds)

    def _format(self) -> None:
        if not self._records:
            return
        records, self._records = self._records, []
        offset = self._wall() - self._monotonic()
        try:
            chunk = self._form(records, offset)
        except Exception:  # noqa: BLE001  (one record holds what is no text: the others are written)
            writable = [record for record in records if self._is_writable(record, offset)]
            self._unwritable += len(records) - len(writable)
            records = writable
            chunk = self._form(records, offset) if records else b""
        self._chunks.append(chunk)
        self._lines += len(records)

    def _hand_over(self) -> None:
        if self._chunks:
            self._writer.submit(b"".join(self._chunks), self._lines)
            self._chunks.clear()
            self._lines = 0

    def _is_writable(self, record: Record, offset: float) -> bool:
        try:
            self._form([record], offset)
        except Exception:  # noqa: BLE001  (whatever is wrong with it)
            return False
        return True


class AccessLog(RecordLog[AccessRecord]):
    """That of requests."""

    def __init__(
        self,
        sink: Sink,
        *,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(sink, lines_of, wall=wall, monotonic=monotonic)
