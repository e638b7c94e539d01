"""The listening sockets of a gateway: one per listener and worker, opened and owned by the control process.

Workers inherit them. A worker that dies loses no queued connection, for its replacement inherits the same socket; and
a new generation of workers accepts from the same sockets as the old one, so that a reload refuses nobody. A socket is
closed only when its address leaves the configuration: the kernel spreads connections over all sockets of an address
(SO_REUSEPORT), and closing one would reset those that wait in its queue. When there are fewer workers than before,
some get two sockets; the load is even again after a restart.
"""

import errno
import os
import socket
from collections.abc import Callable, Iterable, Mapping

from hotgate.config.addresses import Bind
from hotgate.runtime.bind_address import BindAddress, resolve_bind
from hotgate.runtime.port_owners import inodes_held_by, listening_inodes

_BACKLOG = 4096  # connections; the kernel lowers it to net.core.somaxconn

Assignment = dict[str, list[socket.socket]]


class BindError(Exception):
    """A listener that cannot listen. listener: its name. The text says why, and what to change."""

    def __init__(self, listener: str, reason: str) -> None:
        super().__init__(reason)
        self.listener = listener


class ListeningSockets:
    """own_workers: the pids of this gateway's workers, also of those that an earlier control process left behind."""

    def __init__(self, own_workers: Callable[[], set[int]]) -> None:
        self._own_workers = own_workers
        self._groups: dict[str, list[socket.socket]] = {}
        self._adopted: list[tuple[str, socket.socket]] = []

    def adopt(self, sockets: Iterable[tuple[str, socket.socket]]) -> None:
        """Use sockets of an earlier control process (listener name, socket) where they fit; call before `open`."""
        for name, adopted in sockets:
            adopted.setblocking(False)
            self._adopted.append((name, adopted))

    def open(self, binds: Mapping[str, Bind], count: int) -> None:
        """Have `count` sockets or more for every listener (name → bind). Raises BindError and changes nothing then."""
        opened: list[tuple[str, socket.socket]] = []
        try:
            for name, bind in binds.items():
                group = self._group(name, bind)
                for made in self._grow(name, bind, group, count):
                    opened.append((_key(name, bind), made))
        except BindError:
            for _, made in opened:
                made.close()
            raise
        for key, made in opened:
            self._groups.setdefault(key, []).append(made)

    def assignments(self, binds: Mapping[str, Bind], workers: int) -> list[Assignment]:
        """Which sockets each worker accepts from."""
        return [
            {name: self._groups[_key(name, bind)][index::workers] for name, bind in binds.items()}
            for index in range(workers)
        ]

    def addresses(self, binds: Mapping[str, Bind]) -> dict[str, str]:
        """Listener name → the address it really has, port 0 resolved."""
        return {name: str(_address_of(self._groups[_key(name, bind)][0])) for name, bind in binds.items()}

    def keep_only(self, binds: Mapping[str, Bind]) -> None:
        """Close the sockets of every address that is not among `binds`, and those that were adopted for nothing."""
        while self._adopted:
            self._adopted.pop()[1].close()
        wanted = {_key(name, bind) for name, bind in binds.items()}
        for key in [key for key in self._groups if key not in wanted]:
            for unwanted in self._groups.pop(key):
                unwanted.close()

    def _group(self, name: str, bind: Bind) -> list[socket.socket]:
        """The sockets there are; adopted ones join them now."""
        group = self._groups.setdefault(_key(name, bind), [])
        for adopted in [each for each in self._adopted if _fits(each, name, bind)]:
            self._adopted.remove(adopted)
            group.append(adopted[1])
        return group

    def _grow(self, name: str, bind: Bind, group: list[socket.socket], count: int) -> list[socket.socket]:
        try:
            address = _address_of(group[0]) if group else self._free_address(resolve_bind(*bind))
            return _listen_many(address, count - len(group))
        except OSError as error:
            raise BindError(name, _reason(bind, error)) from error

    def _free_address(self, address: BindAddress) -> BindAddress:
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
                self._check_owners(address)
        return address

    def _check_owners(self, address: BindAddress) -> None:
        listening = listening_inodes(address)
        if not listening or listening - inodes_held_by({os.getpid()} | self._own_workers()):
            raise OSError(errno.EADDRINUSE, "in use")


def _key(name: str, bind: Bind) -> str:
    """A renamed listener keeps its sockets, but two that let the kernel choose a port are not the same."""
    return str(bind) if bind.port else f"{name} {bind}"


def _fits(adopted: tuple[str, socket.socket], name: str, bind: Bind) -> bool:
    """The same address; where the kernel may choose the port, the same name keeps the port that it had."""
    try:
        wanted, found = resolve_bind(*bind), _address_of(adopted[1])
    except OSError:  # an unknown name, which `open` reports
        return False
    return wanted == found or (bind.port == 0 and adopted[0] == name and wanted.with_port(found.port) == found)


def _listen_many(address: BindAddress, count: int) -> list[socket.socket]:
    made: list[socket.socket] = []
    try:
        for _ in range(count):
            made.append(_listen(address))
            address = _address_of(made[0])
    except OSError:
        for listening in made:
            listening.close()
        raise
    return made


def _listen(address: BindAddress) -> socket.socket:
    listening = socket.socket(address.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        _set_options(listening)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted sockets inherit it
        listening.bind((address.host, address.port))
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _set_options(unbound: socket.socket) -> None:
    unbound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if unbound.family == socket.AF_INET6:
        # Without it `[::]` also takes IPv4, whose clients then look like `::ffff:192.0.2.1` to every address rule.
        unbound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)


def _address_of(listening: socket.socket) -> BindAddress:
    host, port = listening.getsockname()[:2]
    return BindAddress(listening.family, host, port)


def _reason(bind: Bind, error: OSError) -> str:
    if error.errno == errno.EACCES:
        return f"{bind} is not permitted; ports below 1024 need the capability CAP_NET_BIND_SERVICE"
    if error.errno == errno.EADDRINUSE:
        return f"{bind} is in use by another program; stop it, or choose another port"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{bind} is not an address of this machine"
    return f"cannot listen on {bind}: {error.strerror or error}"


def open_exclusive(name: str, bind: Bind) -> socket.socket:
    """One listening socket that nobody shares, for the admin interface. Raises BindError."""
    listening = None
    try:
        address = resolve_bind(*bind)
        listening = socket.socket(address.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        _set_options(listening)
        listening.bind((address.host, address.port))
        listening.listen(_BACKLOG)
    except OSError as error:
        if listening is not None:
            listening.close()
        raise BindError(name, _reason(bind, error)) from error
    return listening
