"""Where a log of a worker's goes; a reload may change it without losing a line."""

import sys
from pathlib import Path

from hotgate.config.decision_log import DecisionLog
from hotgate.config.gateway import AccessLog
from hotgate.observe.sink import FileSink, Sink, StreamSink

_STANDARD_OUTPUT = Path("stdout")


class DiscardSink:
    """For a log that is switched off."""

    def write(self, lines: bytes) -> None:
        """Nothing."""

    def reopen(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class LogSink:
    """Call `follow`, then have the log reopened: the writer's thread changes over between two writes.

    A file that cannot be opened leaves the old one in use, and `reopen` raises.
    """

    def __init__(self) -> None:
        self._wanted: Path | None = None
        self._in_use: Path | None = None
        self._current: Sink = DiscardSink()

    def follow(self, wanted: Path | None) -> None:
        """Write to what `access_log_path` or `decision_log_path` says from the next `reopen` on."""
        self._wanted = wanted

    def write(self, lines: bytes) -> None:
        """Write whole lines. Raises OSError."""
        self._current.write(lines)

    def reopen(self) -> None:
        """Change over to what is wanted now, or open the same file again. Raises OSError."""
        wanted = self._wanted
        if wanted == self._in_use:
            self._current.reopen()
            return
        opened = opened_log(wanted)
        self._current.close()
        self._current, self._in_use = opened, wanted

    def close(self) -> None:
        """Give the file back."""
        self._current.close()


def access_log_path(settings: AccessLog, folder: Path) -> Path | None:
    """Where the log goes: None if it is switched off; the path `stdout` for standard output."""
    if not settings.enabled:
        return None
    return _place(settings.path, folder)


def decision_log_path(settings: DecisionLog | None, folder: Path) -> Path | None:
    """The same of the decision log."""
    return None if settings is None else _place(settings.path, folder)


def _place(path: str, folder: Path) -> Path:
    return _STANDARD_OUTPUT if path == "stdout" else folder / path


def opened_log(path: Path | None) -> Sink:
    """The sink for what these say. Raises OSError."""
    if path is None:
        return DiscardSink()
    return StreamSink(sys.stdout.fileno()) if path == _STANDARD_OUTPUT else FileSink(path)
