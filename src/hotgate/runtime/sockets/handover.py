"""How a new control process gets the listening sockets of workers that an earlier one left behind.

Were it to open sockets of its own beside theirs, connections waiting in theirs would be reset when the old workers
stop. So each worker offers its sockets (SCM_RIGHTS, unix(7)) on a socket of its own in the runtime folder. Packets:
the name of a listener, with descriptors of its sockets attached.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from hotgate.runtime.workers.channel import peer_credentials

_log = logging.getLogger("hotgate.runtime")
_TIMEOUT = 1.0  # seconds that a worker has to answer; a stopped one never does
_MOST_DESCRIPTORS = 64  # in one packet; the kernel's SCM_MAX_FD is 253
_LONGEST_NAME = 256  # bytes
_BACKLOG = 4


def offer_path(folder: Path, pid: int) -> Path:
    """Where a worker offers its sockets."""
    return folder / f"worker-{pid}.sock"


class SocketOffer:
    """The worker's side: answers every process of its own user, from the loop, without blocking."""

    def __init__(self, folder: Path, sockets: Mapping[str, Sequence[socket.socket]]) -> None:
        self._path = offer_path(folder, os.getpid())
        self._sockets = sockets
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)

    def open(self) -> None:
        """Begin to offer. Raises OSError."""
        self._path.unlink(missing_ok=True)
        self._listening.bind(str(self._path))
        self._path.chmod(0o600)
        self._listening.listen(_BACKLOG)
        asyncio.get_running_loop().add_reader(self._listening, self._answer)

    def close(self) -> None:
        """Offer no more: the sockets are about to be closed."""
        asyncio.get_running_loop().remove_reader(self._listening)
        self._listening.close()
        self._path.unlink(missing_ok=True)

    def _answer(self) -> None:
        try:
            connection, _ = self._listening.accept()
            with connection:
                connection.setblocking(False)
                if peer_credentials(connection)[1] == os.geteuid():
                    for name, descriptors in _packets(self._sockets):
                        socket.send_fds(connection, [name], descriptors)
        except OSError as error:  # whoever asked went away, or does not read
            _log.warning("the listening sockets could not be handed over: %s", error)


def collect_sockets(folder: Path, pids: Iterable[int]) -> list[tuple[str, socket.socket]]:
    """The control process's side: listener names and sockets of running workers.

    A worker that does not answer is left out; what it serves is not lost until it stops.
    """
    return [offered for pid in pids for offered in _received(offer_path(folder, pid))]


def distinct(sockets: Iterable[tuple[str, socket.socket]]) -> list[tuple[str, socket.socket]]:
    """Each socket once, as it came first; other descriptors of it are closed. Two workers may serve one socket."""
    found: dict[int, tuple[str, socket.socket]] = {}
    for name, received in sockets:
        if found.setdefault(os.fstat(received.fileno()).st_ino, (name, received))[1] is not received:
            received.close()
    return list(found.values())


def remove_stale_offers(folder: Path, pids: Iterable[int]) -> None:
    """Remove the files of workers that were killed. pids: those that run."""
    kept = {offer_path(folder, pid) for pid in pids}
    for path in folder.glob("worker-*.sock"):
        if path not in kept:
            path.unlink(missing_ok=True)


def _packets(sockets: Mapping[str, Sequence[socket.socket]]) -> Iterator[tuple[bytes, list[int]]]:
    for name, group in sockets.items():
        descriptors = [listening.fileno() for listening in group]
        for start in range(0, len(descriptors), _MOST_DESCRIPTORS):
            yield name.encode(), descriptors[start : start + _MOST_DESCRIPTORS]


def _received(path: Path) -> Iterator[tuple[str, socket.socket]]:
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.settimeout(_TIMEOUT)
        connection.connect(str(path))
        if peer_credentials(connection)[1] != os.geteuid():
            return
        while True:
            name, descriptors, _, _ = socket.recv_fds(connection, _LONGEST_NAME, _MOST_DESCRIPTORS)
            if not name:
                return
            for descriptor in descriptors:
                os.set_inheritable(descriptor, False)
                yield name.decode(errors="replace"), socket.socket(fileno=descriptor)
