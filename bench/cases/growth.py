"""How far the memory of a process rises while something happens."""

import threading
from types import TracebackType

from bench.proc import memory

_EVERY = 0.05  # seconds; one look takes far less than a millisecond


class Growth:
    """Watches a process on entry and until exit; `bytes` is then the peak of its USS minus the USS at entry."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._first = self._peak = 0.0

    def __enter__(self) -> "Growth":
        self._first = self._peak = self._now()
        self._thread.start()
        return self

    @property
    def bytes(self) -> float:
        return self._peak - self._first

    def _watch(self) -> None:
        while not self._over.wait(_EVERY):
            self._peak = max(self._peak, self._now())

    def _now(self) -> float:
        return memory(self._pid)["uss"]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self._peak = max(self._peak, self._now())
