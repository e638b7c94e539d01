"""Where log lines go: a file, or a stream such as standard output. Calls may block; only a writer thread makes them."""

import os
import select
import stat
from pathlib import Path
from typing import Protocol

ATOMIC_PIPE_BYTES = select.PIPE_BUF  # POSIX write(): no more than so many bytes go into a pipe in one piece
_STALL_POLL_MS = 1000


class Sink(Protocol):
    """`write` gets whole lines and raises OSError."""

    def write(self, lines: bytes) -> None: ...

    def reopen(self) -> None: ...

    def close(self) -> None: ...


class FileSink:
    """Appends to a file. Several workers may share it: one write with O_APPEND is never torn (POSIX write)."""

    def __init__(self, path: Path) -> None:
        """Raises OSError if the file cannot be opened."""
        self._path = path
        self._descriptor = _opened(path)
        self._torn = False

    def write(self, lines: bytes) -> None:
        """Write whole lines. Raises OSError, for example when the disk is full."""
        if self._torn:
            lines = b"\n" + lines
        self._torn = True
        _write_all(self._descriptor, lines)
        self._torn = False

    def reopen(self) -> None:
        """Open the path again, after a rotation. Raises OSError, and goes on with the old file."""
        descriptor = _opened(self._path)
        os.close(self._descriptor)
        self._descriptor = descriptor

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._descriptor)


class StreamSink:
    """Writes to a descriptor that others own: a terminal, a file, or a pipe that all workers share."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._in_pieces = not stat.S_ISREG(os.fstat(descriptor).st_mode)

    def write(self, lines: bytes) -> None:
        """Write whole lines, into a pipe in pieces that cannot be torn. Raises OSError."""
        for piece in _pieces(lines) if self._in_pieces else (lines,):
            _write_all(self._descriptor, piece)

    def reopen(self) -> None:
        """Nothing: a stream has no path."""

    def close(self) -> None:
        """Nothing: the descriptor belongs to the process."""


def _opened(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)


def _pieces(lines: bytes) -> list[bytes]:
    """Cut after line ends, each piece as long as possible but small enough to be written at once."""
    pieces = []
    start = 0
    while len(lines) - start > ATOMIC_PIPE_BYTES:
        end = lines.rfind(b"\n", start, start + ATOMIC_PIPE_BYTES) + 1
        if end <= start:  # one line that is too long; nobody but its reader is hurt
            end = lines.find(b"\n", start) + 1 or len(lines)
        pieces.append(lines[start:end])
        start = end
    pieces.append(lines[start:])
    return pieces


def _write_all(descriptor: int, content: bytes) -> None:
    while content:
        try:
            content = content[os.write(descriptor, content) :]
        except BlockingIOError:  # somebody made the shared pipe non-blocking: wait here, in the writer's thread
            poll = select.poll()
            poll.register(descriptor, select.POLLOUT)
            poll.poll(_STALL_POLL_MS)
