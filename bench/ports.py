"""Ports for the servers of a run, each handed out once."""

import socket
from collections.abc import Iterator

_RANGE = range(18000, 19000)  # below the range that outgoing connections use (ip_local_port_range)


class Ports:
    """`next()` is a port that was free a moment ago and that no other server of this run got."""

    def __init__(self) -> None:
        self._free: Iterator[int] = (port for port in _RANGE if _is_free(port))

    def next(self) -> int:
        """Raises OSError when the range is used up."""
        port = next(self._free, None)
        if port is None:
            raise OSError(f"no free port between {_RANGE.start} and {_RANGE.stop - 1}")
        return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
