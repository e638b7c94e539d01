"""The PROXY protocol header that tells a backend who the client is.

As "The PROXY protocol, versions 1 & 2" by Willy Tarreau says; it comes before everything else, TLS too.
"""

import struct
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"  # §2.2
_PROXY = 0x21  # version 2, command PROXY
_TCP4, _TCP6, _UNSPEC = 0x11, 0x21, 0x00
_Address = IPv4Address | IPv6Address


class ClientAddresses(NamedTuple):
    """Who connected, and to which of our addresses. A port that is not known is 0."""

    source: str
    source_port: int
    destination: str
    destination_port: int


def proxy_header(version: str, addresses: ClientAddresses) -> bytes:
    """The header, `v1` or `v2`. Where an address is not one of IP (a Unix socket) it says that nothing is known."""
    try:
        pair = _of_one_family(ip_address(addresses.source), ip_address(addresses.destination))
    except ValueError:
        return b"PROXY UNKNOWN\r\n" if version == "v1" else _SIGNATURE + struct.pack(">BBH", _PROXY, _UNSPEC, 0)
    ports = addresses.source_port, addresses.destination_port
    return _text(pair, ports) if version == "v1" else _binary(pair, ports)


def _of_one_family(source: _Address, destination: _Address) -> tuple[_Address, _Address]:
    """A client that a trusted proxy names may be of another family than the connection (RFC 4291 §2.5.5.2)."""
    if source.version == destination.version:
        return source, destination
    return _mapped(source), _mapped(destination)


def _mapped(address: _Address) -> IPv6Address:
    return address if isinstance(address, IPv6Address) else IPv6Address(f"::ffff:{address}")


def _text(pair: tuple[_Address, _Address], ports: tuple[int, int]) -> bytes:
    return f"PROXY TCP{pair[0].version} {_bare(pair[0])} {_bare(pair[1])} {ports[0]} {ports[1]}\r\n".encode("ascii")


def _bare(address: _Address) -> str:
    """Without the zone of a link-local address: it means nothing elsewhere."""
    return str(address).partition("%")[0]


def _binary(pair: tuple[_Address, _Address], ports: tuple[int, int]) -> bytes:
    body = pair[0].packed + pair[1].packed + struct.pack(">HH", *ports)
    family = _TCP4 if pair[0].version == 4 else _TCP6
    return _SIGNATURE + struct.pack(">BBH", _PROXY, family, len(body)) + body
