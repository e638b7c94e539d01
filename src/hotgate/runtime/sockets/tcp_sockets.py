"""Listening sockets on TCP addresses: as many as there are workers (SO_REUSEPORT), or one that nobody shares."""

import errno
import os
import socket
from collections.abc import Callable

from hotgate.config.addresses import Bind
from hotgate.runtime.sockets.bind_address import BindAddress, resolve_bind
from hotgate.runtime.sockets.port_owners import inodes_held_by, listening_inodes

BACKLOG = 4096  # connections that may wait to be accepted; the kernel lowers it to net.core.somaxconn


def more_sockets(
    bind: Bind, there: list[socket.socket], count: int, own_workers: Callable[[], set[int]]
) -> list[socket.socket]:
    """So many as are missing until there are `count`. Raises OSError.

    A socket that systemd opened may tolerate no other at its address; the workers share it then.
    """
    if not there:
        return _listen_many(_free_address(resolve_bind(*bind), own_workers), count)
    try:
        return _listen_many(address_of(there[0]), count - len(there))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return []


def exclusive_socket(bind: Bind) -> socket.socket:
    """One listening socket that nobody shares. Raises OSError."""
    return _listen(resolve_bind(*bind), is_shared=False)


def address_of(listening: socket.socket) -> BindAddress:
    """Where a TCP socket listens."""
    host, port = listening.getsockname()[:2]
    return BindAddress(listening.family, host, port)


def _free_address(address: BindAddress, own_workers: Callable[[], set[int]]) -> BindAddress:
    """SO_REUSEPORT would let us share a port with another program of this user and steal its connections, so a
    plain bind asks first; what listens there already must be our own."""
    if address.port == 0:
        return address
    with socket.socket(address.family, socket.SOCK_STREAM) as probe:
        _set_options(probe)
        try:
            probe.bind((address.host, address.port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            listening = listening_inodes(address)
            if not listening or listening - inodes_held_by({os.getpid()} | own_workers()):
                raise
    return address


def _listen_many(address: BindAddress, count: int) -> list[socket.socket]:
    made: list[socket.socket] = []
    try:
        for _ in range(count):
            made.append(_listen(address, is_shared=True))
            address = address_of(made[0])
    except OSError:
        for listening in made:
            listening.close()
        raise
    return made


def _listen(address: BindAddress, *, is_shared: bool) -> socket.socket:
    listening = socket.socket(address.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        _set_options(listening)
        if is_shared:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted sockets inherit it
        listening.bind((address.host, address.port))
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _set_options(unbound: socket.socket) -> None:
    unbound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if unbound.family == socket.AF_INET6:
        # Without it `[::]` also takes IPv4, whose clients then look like `::ffff:192.0.2.1` to every address rule.
        unbound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
