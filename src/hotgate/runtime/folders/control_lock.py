"""One control process per gateway: a lock that the kernel frees when its holder dies, however it dies."""

import errno
import fcntl
import os
from pathlib import Path
from types import TracebackType


class AlreadyRunning(Exception):
    """Another control process holds the lock. pid: its process id, 0 when unknown."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"already running, pid {pid or 'unknown'}")
        self.pid = pid


class ControlLock:
    """An exclusive flock(2) on a file that also holds the pid of its holder. A context manager.

    Workers do not inherit the descriptor; they must not keep the lock of a control process that died. A successor
    does: the lock belongs to the open file that both share (flock(2)), so there is no moment without it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def acquire(self) -> None:
        """Take the lock. Raises AlreadyRunning, OSError."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0)
            os.close(descriptor)
            raise AlreadyRunning(int(holder) if holder.strip().isdigit() else 0) from None
        self._descriptor = descriptor
        self.claim()

    def inherit(self, descriptor: int) -> None:
        """Share the lock that another process took and passed on. Raises OSError if it is another gateway's."""
        theirs, ours = os.fstat(descriptor), self._path.stat()
        if (theirs.st_dev, theirs.st_ino) != (ours.st_dev, ours.st_ino):
            raise OSError(errno.EXDEV, "runtime_dir cannot change while the gateway runs; restart it")
        self._descriptor = descriptor

    @property
    def descriptor(self) -> int:
        """What a process must inherit to share the lock."""
        return self._descriptor

    def claim(self) -> None:
        """Write that this process is the holder: at once and always as long, so that a reader never sees half of it."""
        os.ftruncate(self._descriptor, os.pwrite(self._descriptor, b"%-10d\n" % os.getpid(), 0))

    def release(self) -> None:
        """Give the lock back; the file stays, so that nobody locks a file that is being removed."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> "ControlLock":
        if self._descriptor < 0:
            self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
