"""Listening sockets that systemd opened before it started us (sd_listen_fds(3))."""

import logging
import os
import socket
from collections.abc import MutableMapping

from hotgate.runtime.sockets.listening_sockets import NamedSocket

_log = logging.getLogger("hotgate.runtime")
_FIRST = 3  # SD_LISTEN_FDS_START
_MOST = 1024  # descriptors that are looked at
_UNNAMED = "unknown"  # what systemd itself calls a socket without a name


def activated_sockets(environment: MutableMapping[str, str], process: int, first: int = _FIRST) -> list[NamedSocket]:
    """The sockets meant for this process, as `systemd:name`. The variables are removed: our children have others."""
    given = [environment.pop(name, "") for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")]
    meant_for, count, names = given
    if meant_for != str(process) or not count.isdigit():
        return []
    named = dict(enumerate(names.split(":"))) if names else {}
    found = [(named.get(index, _UNNAMED), first + index) for index in range(min(int(count), _MOST))]
    return [
        (f"systemd:{name}", each) for name, descriptor in found if (each := _listening(name, descriptor)) is not None
    ]


def _listening(name: str, descriptor: int) -> socket.socket | None:
    try:
        os.set_inheritable(descriptor, False)
        given = socket.socket(fileno=descriptor)
    except OSError as error:
        _log.error("descriptor %d (%s) of systemd is of no use: %s", descriptor, name, error.strerror)
        return None
    if given.type != socket.SOCK_STREAM or not given.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        _log.error("the socket %s of systemd does not take connections (ListenStream=, Accept=no)", name)
        given.close()
        return None
    return given
