"""Addresses in the file: TCP addresses to listen on, where backends are, which networks are trusted."""

import ipaddress
import re
from typing import Annotated, NamedTuple

from hotgate.config.notation import Notation, refused

# Labels may hold '_': container networks name services so.
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*")
_ALL_DIGITS = re.compile(r"[0-9.]+|0[xX].*")
_TARGET = re.compile(r"(?P<scheme>https?)://(?P<authority>[^/?#@\s\\]+)")
_HIGHEST_PORT = 65535
_BIND_SAYS = (
    'write an address as "host:port", such as "127.0.0.1:8080", "[::1]:8080" or "0.0.0.0:8080" for every IPv4 address; '
    "port 0 takes a free one"
)
_TARGET_SAYS = (
    'write a target as "http://host:port", "https://host:port" (without path, query or user) or "unix:/path/of.sock"'
)
_SOCKET = re.compile(r"unix:(//)?(?P<path>/[!-.0-~][!-~]{0,105})")  # sun_path holds 107 bytes and a NUL


class Bind(NamedTuple):
    """A TCP address to listen on. host: an IP address without brackets, or a name. port: 0 takes a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return authority_text(self.host, self.port)


class TargetUrl(NamedTuple):
    """A backend's address. scheme: http, https or unix. host: lower case, without brackets. port: always set.

    path: of a Unix socket, whose host is `localhost` and whose port is 0; otherwise "".
    """

    scheme: str
    host: str
    port: int
    path: str = ""

    @property
    def authority(self) -> str:
        """`host:port`, without the scheme's default port (RFC 9110 §4.2.3); for a Unix socket the host alone."""
        if self.path:
            return self.host
        default = 443 if self.scheme == "https" else 80
        return authority_text(self.host, self.port).removesuffix(f":{default}" if self.port == default else "")

    def __str__(self) -> str:
        return f"unix:{self.path}" if self.path else f"{self.scheme}://{self.authority}"


def authority_text(host: str, port: int) -> str:
    """`host:port`, with the brackets that an IPv6 address needs (RFC 3986 §3.2.2)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def parse_bind(value: object) -> Bind:
    """A Bind from "host:port". Raises PydanticCustomError."""
    parts = _host_and_port(value) if isinstance(value, str) else None
    if parts is None or parts[1] is None:
        raise refused(_BIND_SAYS)
    return Bind(parts[0], parts[1])


def parse_target(value: object) -> TargetUrl:
    """A TargetUrl from "http://host:port" or "unix:/path". Raises PydanticCustomError."""
    if isinstance(value, str) and (socket := _SOCKET.fullmatch(value)):
        return TargetUrl("unix", "localhost", 0, socket["path"])
    match = _TARGET.fullmatch(value) if isinstance(value, str) else None
    parts = _host_and_port(match["authority"]) if match else None
    if match is None or parts is None or parts[1] == 0:
        raise refused(_TARGET_SAYS)
    default = 443 if match["scheme"] == "https" else 80
    return TargetUrl(match["scheme"], parts[0], parts[1] or default)


def parse_network(value: object) -> str:
    """The canonical text of a network or a single address, such as 10.0.0.0/8. Raises PydanticCustomError."""
    try:
        if not isinstance(value, str):
            raise ValueError
        return str(ipaddress.ip_network(value))
    except ValueError:
        raise refused("write a network or an address, such as 10.0.0.0/8 or ::1, with no host bits set") from None


def _host_and_port(text: str) -> tuple[str, int | None] | None:
    host, colon, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if not colon:
        host = host or text
    if colon and not (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= _HIGHEST_PORT):
        return None
    canonical = _host(host)
    return None if canonical is None else (canonical, int(port) if colon else None)


def _host(text: str) -> str | None:
    if text.startswith("[") and text.endswith("]"):
        return _ip(text[1:-1], ipaddress.IPv6Address)
    # "127.1" and "0x7f.1" would be addresses to some resolvers and names to others.
    if _ALL_DIGITS.fullmatch(text):
        return _ip(text, ipaddress.IPv4Address)
    return text.lower() if _HOST_NAME.fullmatch(text) else None


def _ip(text: str, kind: type[ipaddress.IPv4Address] | type[ipaddress.IPv6Address]) -> str | None:
    try:
        return str(kind(text))
    except ValueError:
        return None


TargetText = Annotated[TargetUrl, Notation(parse_target, {"type": "string", "pattern": "^(https?://|unix:)"}, str)]
Network = Annotated[str, Notation(parse_network, {"type": "string", "$comment": "network or address"}, str)]
