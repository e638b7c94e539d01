"""Listening sockets in the file system: one for all workers, for SO_REUSEPORT does not exist there.

The file stays when the gateway stops, as HAProxy leaves it: it refuses connections, and the next start replaces it.
Removing it would take a file away from a successor that is listening on it already.
"""

import errno
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

from hotgate.config.binds import UnixBind
from hotgate.runtime.sockets.port_owners import inodes_held_by, unix_inodes
from hotgate.runtime.sockets.tcp_sockets import BACKLOG


def listen_on_path(bind: UnixBind, own_workers: Callable[[], set[int]]) -> socket.socket:
    """Listen, replacing a socket on which nobody else listens. Raises OSError."""
    path = Path(bind.path)
    _check_folder(path.parent)
    _make_room(path, own_workers)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        listening.bind(bind.path)
        path.chmod(bind.mode)  # before it listens: until then nobody can connect, whatever the umask was
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def follow_mode(bind: UnixBind) -> None:
    """Give the file of a socket that listens already, if it is ours, the permissions wanted now. Raises OSError."""
    found = Path(bind.path).lstat()
    if stat.S_ISSOCK(found.st_mode) and found.st_uid == os.geteuid():
        Path(bind.path).chmod(bind.mode)


def _check_folder(folder: Path) -> None:
    """Where strangers may write, they may put a socket of their own in the place of ours."""
    try:
        found = folder.stat()
    except FileNotFoundError:
        raise FileNotFoundError(errno.ENOENT, f"the folder {folder} does not exist") from None
    is_open = found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX
    if is_open or found.st_uid not in (0, os.geteuid()):
        raise PermissionError(errno.EPERM, f"the folder {folder} is open to other users, or belongs to one")


def _make_room(path: Path, own_workers: Callable[[], set[int]]) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise FileExistsError(errno.EEXIST, "there is a file that is not a socket")
    if _is_alive(path):
        listening = unix_inodes(path)
        if not listening or listening - inodes_held_by({os.getpid()} | own_workers()):
            raise OSError(errno.EADDRINUSE, "in use")
    path.unlink()


def _is_alive(path: Path) -> bool:
    """Whether somebody listens there. Raises OSError when it cannot be told."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return False
        except BlockingIOError:  # its queue is full
            return True
        return True
