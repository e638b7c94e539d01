"""The one place that waits for a log's disk or pipe: a thread, fed by a bounded queue."""

import logging
from queue import SimpleQueue
from threading import Thread

from hotgate.observe.sink import Sink

MAX_QUEUED_BYTES = 8 * 1024 * 1024  # about a second of log lines at full load

_REOPEN = object()
_CLOSE = object()


class ChunkWriter:
    """Takes chunks of whole lines from one thread and never blocks it: what does not fit is dropped and counted.

    A daemon thread: a sink that stalls for ever must not keep the process from ending.
    """

    def __init__(self, sink: Sink, *, max_queued_bytes: int = MAX_QUEUED_BYTES) -> None:
        self._sink = sink
        self._max_queued_bytes = max_queued_bytes
        self._queue: SimpleQueue[tuple[bytes, int] | object] = SimpleQueue()
        self._bytes_in = 0  # changed by the caller's thread only, the next one by the writer's only: no lock
        self._bytes_out = 0
        self._refused_lines = 0
        self._failed_lines = 0
        self._is_failing = False
        self._thread = Thread(target=self._run, name="hotgate-log-writer", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """Lines that will never be written: the queue was full, or the sink failed."""
        return self._refused_lines + self._failed_lines

    def submit(self, chunk: bytes, lines: int) -> bool:
        """Queue a chunk of so many lines. False: it was dropped."""
        if self._bytes_in - self._bytes_out + len(chunk) > self._max_queued_bytes:
            self._refused_lines += lines
            return False
        self._bytes_in += len(chunk)
        self._queue.put((chunk, lines))
        return True

    def reopen(self) -> None:
        """Open the sink again once everything queued so far is written."""
        self._queue.put(_REOPEN)

    def close(self, seconds: float) -> bool:
        """Write what is queued and end; wait at most `seconds`. False: the sink still stalls, lines are lost."""
        self._queue.put(_CLOSE)
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (item := self._queue.get()) is not _CLOSE:
            if isinstance(item, tuple):
                self._write(*item)
            else:
                self._reopen()
        self._sink.close()

    def _write(self, chunk: bytes, lines: int) -> None:
        try:
            self._sink.write(chunk)
        except OSError as error:  # the disk is full, the pipe has no reader: counted, and visible as a metric
            self._failed_lines += lines
            self._tell(error)
        else:
            self._tell(None)
        self._bytes_out += len(chunk)

    def _tell(self, error: OSError | None) -> None:
        """Log the first failure, and its end. If this is the log that cannot be written, the line is lost as well."""
        if self._is_failing is (error is not None):
            return
        self._is_failing = error is not None
        logger = logging.getLogger("hotgate.observe")
        if error is None:
            logger.warning("the log can be written again; %d lines are lost", self._failed_lines)
        else:
            logger.error("the log cannot be written, its lines are lost: %s", error.strerror)

    def _reopen(self) -> None:
        try:
            self._sink.reopen()
        except OSError as error:
            logging.getLogger("hotgate.observe").error("the log cannot be reopened, the old file goes on: %s", error)
