"""The listening sockets of a gateway, owned by the control process; workers inherit them.

A TCP listener has one for each worker, where the address allows it; other sockets are shared by all workers. A worker
that dies loses no queued connection, for its replacement inherits the same socket; and a new generation of workers
accepts from the same sockets as the old one, so that a reload refuses nobody. A socket is closed only when its address
leaves the configuration: the kernel spreads connections over all sockets of an address (SO_REUSEPORT), and closing one
would reset those that wait in its queue. When there are fewer workers than before, some get two sockets; the load is
even again after a restart.
"""

import socket
from collections.abc import Callable, Iterable, Iterator, Mapping

from hotgate.config.addresses import Bind
from hotgate.config.binds import AnyBind, SystemdBind, UnixBind
from hotgate.runtime.sockets.bind_address import resolve_bind
from hotgate.runtime.sockets.bind_error import BindError, bind_reason
from hotgate.runtime.sockets.tcp_sockets import address_of, exclusive_socket, more_sockets
from hotgate.runtime.sockets.unix_sockets import follow_mode, listen_on_path

ADMIN = ":admin"  # stands for the admin interface; no listener can have this name

Assignment = dict[str, list[socket.socket]]
NamedSocket = tuple[str, socket.socket]


class ListeningSockets:
    """own_workers: the pids of this gateway's workers, also of those that an earlier control process left behind."""

    def __init__(self, own_workers: Callable[[], set[int]]) -> None:
        self._own_workers = own_workers
        self._groups: dict[str, list[socket.socket]] = {}
        self._adopted: list[NamedSocket] = []

    def adopt(self, sockets: Iterable[NamedSocket]) -> None:
        """Use sockets that others opened, where they fit; call before `open`.

        They come with the listener's name from an earlier control process, or as `systemd:name` from systemd.
        """
        for name, adopted in sockets:
            adopted.setblocking(False)
            if adopted.family != socket.AF_UNIX:
                adopted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted sockets inherit it
            self._adopted.append((name, adopted))

    def open(self, binds: Mapping[str, AnyBind], count: int) -> None:
        """Have what so many workers need for every listener (name → bind). Raises BindError; nothing changes then."""
        opened: list[NamedSocket] = []
        try:
            for name, bind in binds.items():
                group = self._group(name, bind)
                for made in self._missing(name, bind, group, count):
                    opened.append((_key(name, bind), made))
        except BindError:
            for _, made in opened:
                made.close()
            raise
        for key, made in opened:
            self._groups.setdefault(key, []).append(made)

    def open_admin(self, bind: AnyBind) -> socket.socket:
        """One listening socket that is the caller's from then on. Raises BindError."""
        for adopted in self._fitting(ADMIN, bind):
            self._adopted.remove(adopted)
            return adopted[1]
        try:
            return exclusive_socket(bind) if isinstance(bind, Bind) else self._only_socket(bind)
        except OSError as error:
            raise BindError(ADMIN, bind_reason(bind, error)) from error

    def assignments(self, binds: Mapping[str, AnyBind], workers: int) -> list[Assignment]:
        """Which sockets each worker accepts from."""
        groups = {name: self._groups[_key(name, bind)] for name, bind in binds.items()}
        return [{name: group[index::workers] or group for name, group in groups.items()} for index in range(workers)]

    def named(self, binds: Mapping[str, AnyBind]) -> Iterator[NamedSocket]:
        """All sockets of the listeners."""
        for name, bind in binds.items():
            for listening in self._groups[_key(name, bind)]:
                yield name, listening

    def addresses(self, binds: Mapping[str, AnyBind]) -> dict[str, str]:
        """Listener name → the address it really has, port 0 resolved."""
        return {name: shown_address(self._groups[_key(name, bind)][0]) for name, bind in binds.items()}

    def keep_only(self, binds: Mapping[str, AnyBind]) -> None:
        """Close the sockets of every address that is not among `binds`, and those that were adopted for nothing."""
        while self._adopted:
            self._adopted.pop()[1].close()
        wanted = {_key(name, bind) for name, bind in binds.items()}
        for key in [key for key in self._groups if key not in wanted]:
            for unwanted in self._groups.pop(key):
                unwanted.close()

    def _group(self, name: str, bind: AnyBind) -> list[socket.socket]:
        """The sockets there are; adopted ones join them now."""
        group = self._groups.setdefault(_key(name, bind), [])
        for adopted in self._fitting(name, bind):
            self._adopted.remove(adopted)
            group.append(adopted[1])
        return group

    def _fitting(self, name: str, bind: AnyBind) -> list[NamedSocket]:
        return [adopted for adopted in self._adopted if _fits(adopted, name, bind)]

    def _missing(self, name: str, bind: AnyBind, group: list[socket.socket], count: int) -> list[socket.socket]:
        try:
            if isinstance(bind, Bind):
                return more_sockets(bind, group, count, self._own_workers)
            if not group:
                return [self._only_socket(bind)]
            if isinstance(bind, UnixBind):
                follow_mode(bind)
            return []
        except OSError as error:
            raise BindError(name, bind_reason(bind, error)) from error

    def _only_socket(self, bind: UnixBind | SystemdBind) -> socket.socket:
        if isinstance(bind, UnixBind):
            return listen_on_path(bind, self._own_workers)
        raise OSError(f"systemd has passed no socket of the name {bind.name}")


def shown_address(listening: socket.socket) -> str:
    """Where a socket listens, as the configuration writes it."""
    return f"unix:{listening.getsockname()}" if listening.family == socket.AF_UNIX else str(address_of(listening))


def _key(name: str, bind: AnyBind) -> str:
    """A renamed listener keeps its sockets, but two that let the kernel choose a port are not the same."""
    return f"{name} {bind}" if isinstance(bind, Bind) and not bind.port else str(bind)


def _fits(adopted: NamedSocket, name: str, bind: AnyBind) -> bool:
    """The same address; where the kernel or systemd chooses it, the same name keeps what it had."""
    given, listening = adopted
    if isinstance(bind, SystemdBind):
        return given in (name, str(bind))
    if isinstance(bind, UnixBind) or listening.family == socket.AF_UNIX:
        return shown_address(listening) == str(bind)
    try:
        wanted, found = resolve_bind(*bind), address_of(listening)
    except OSError:  # an unknown name, which `open` reports
        return False
    return wanted == found or (bind.port == 0 and given == name and wanted.with_port(found.port) == found)
