"""A `bind` value as the socket calls want it."""

import socket
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BindAddress:
    """family: AF_INET or AF_INET6. host: a numeric address. port: 0 lets the kernel choose."""

    family: int
    host: str
    port: int

    def with_port(self, port: int) -> "BindAddress":
        """The same address with another port."""
        return BindAddress(self.family, self.host, port)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if self.family == socket.AF_INET6 else f"{self.host}:{self.port}"


def resolve_bind(host: str, port: int) -> BindAddress:
    """The first address that a host, numeric or by name, stands for. Raises OSError for an unknown name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _kind, _protocol, _name, address = found[0]
    return BindAddress(family, str(address[0]), port)
