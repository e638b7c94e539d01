"""Where a worker's access log goes; a reload may change it without losing a line."""

import sys
from pathlib import Path

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


class AccessLogSink:
    """Call `follow`, then have the log reopened: the writer's thread changes over between two writes.

    A file that cannot be opened leaves the old one in use, and `reopen` raises.
    """

    def __init__(self) -> None:
        self._wanted: Path | None = None
        self._in_use: Path | None = None
        self._current: Sink = DiscardSink()

    def follow(self, settings: AccessLog, folder: Path) -> None:
        """Write to what the configuration says from the next `reopen` on."""
        self._wanted = access_log_path(settings, folder)

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
    return _STANDARD_OUTPUT if settings.path == "stdout" else folder / settings.path


def opened_log(path: Path | None) -> Sink:
    """The sink for what `access_log_path` says. Raises OSError."""
    if path is None:
        return DiscardSink()
    return StreamSink(sys.stdout.fileno()) if path == _STANDARD_OUTPUT else FileSink(path)
