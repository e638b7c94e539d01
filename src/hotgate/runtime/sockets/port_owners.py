"""Who listens on a port or a Unix socket: the kernel's socket table, and which process holds each socket (proc(5))."""

import socket
from collections.abc import Iterable, Iterator
from pathlib import Path

from hotgate.runtime.sockets.bind_address import BindAddress

_LISTEN = "0A"  # TCP_LISTEN of include/net/tcp_states.h
_ACCEPTS = 0x10000  # __SO_ACCEPTCON of include/uapi/linux/net.h
_WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 (compared, not bound)


def listening_inodes(address: BindAddress, processes: Path = Path("/proc")) -> set[str]:
    """Inodes of the sockets that listen where a bind to `address` would meet them."""
    return {
        inode
        for table in ("tcp", "tcp6")
        for host, port, inode in _listeners(processes / "net" / table)
        if port == address.port and (host == address.host or host in _WILDCARDS or address.host in _WILDCARDS)
    }


def unix_inodes(path: Path, processes: Path = Path("/proc")) -> set[str]:
    """Inodes of the Unix sockets that listen at a path."""
    # Strangers' paths are in it, which may be any bytes.
    table = (processes / "net" / "unix").read_text(encoding="utf-8", errors="surrogateescape")
    columns = [line.split(maxsplit=7) for line in table.split("\n")[1:]]
    return {
        column[6] for column in columns if len(column) == 8 and column[7] == str(path) and int(column[3], 16) & _ACCEPTS
    }


def inodes_held_by(pids: Iterable[int], processes: Path = Path("/proc")) -> set[str]:
    """Inodes of every socket that the processes have open; those we may not look into hold none."""
    return {inode for pid in pids for inode in _sockets_of(processes / str(pid) / "fd")}


def _listeners(table: Path) -> Iterator[tuple[str, int, str]]:
    try:
        lines = table.read_text(encoding="ascii").splitlines()[1:]
    except OSError:  # a kernel without IPv6 has no tcp6
        return
    for line in lines:
        columns = line.split()
        if columns[3] == _LISTEN:
            host, _, port = columns[1].partition(":")
            yield _decoded(host), int(port, 16), columns[9]


def _decoded(hexadecimal: str) -> str:
    """The kernel prints an address as 32-bit words in the machine's byte order (little-endian on all we support)."""
    raw = bytes.fromhex(hexadecimal)
    network_order = b"".join(raw[start : start + 4][::-1] for start in range(0, len(raw), 4))
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, network_order)


def _sockets_of(descriptors: Path) -> Iterator[str]:
    try:
        found = list(descriptors.iterdir())
    except OSError:  # the process is gone, or is not ours
        return
    for descriptor in found:
        try:
            link = str(descriptor.readlink())
        except OSError:  # closed meanwhile; a worker under load closes many, which must not hide the rest
            continue
        if link.startswith("socket:["):
            yield link[len("socket:[") : -1]
