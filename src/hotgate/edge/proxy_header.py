"""The header of the PROXY protocol, versions 1 and 2 (proxy-protocol.txt of HAProxy): bytes in, an address out.

It is read strictly and never guessed at: what is not a header, or may yet be one but is too long, is refused.
"""

import re
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from hotgate.edge.crc32c import crc32c

V1_START = b"PROXY "
V2_START = b"\r\n\r\n\0\r\nQUIT\n"
LONGEST = 4096  # bytes of a v2 header, as nginx has it (NGX_PROXY_PROTOCOL_MAX_HEADER); client certificates come in it
_LONGEST_V1 = 107  # bytes, section 2.1
_V2_FIXED = 16  # bytes before the addresses, section 2.2
_LOCAL, _PROXY = 0x20, 0x21  # version 2 and the command
_STREAMS = {0x11: 12, 0x21: 36, 0x31: 216}  # family and SOCK_STREAM → bytes of its addresses and ports
_UNSPECIFIED = 0x00
_UNIX = 0x31
_CRC32C = 0x03  # section 2.2.3
_CHECKSUM_BYTES = 4

_PORT = r"(?:0|[1-9][0-9]{0,4})"
_v1_line = re.compile(rf"PROXY TCP([46]) ([0-9A-Fa-f.:]+) ([0-9A-Fa-f.:]+) ({_PORT}) ({_PORT})").fullmatch
_v1_unknown = re.compile(r"PROXY UNKNOWN(?: [ -~]*)?").fullmatch


class BadProxyHeader(Exception):
    """The connection does not begin with a header that can be believed. The text says why, for the log."""


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """size: in bytes. source: the client's address; "" for one without; None: that of the connection itself holds."""

    size: int
    source: str | None


def read_header(data: bytes) -> ProxyHeader | None:
    """The header at the start of `data`, or None while more of it must come. Raises BadProxyHeader."""
    if data.startswith(V2_START):
        return _read_v2(data)
    if data.startswith(V1_START):
        return _read_v1(data)
    if V2_START.startswith(data) or V1_START.startswith(data):
        return None
    raise BadProxyHeader("there is no header")


def _read_v1(data: bytes) -> ProxyHeader | None:
    line, end, _ = data[:_LONGEST_V1].partition(b"\r\n")
    if not end:
        if len(data) >= _LONGEST_V1:
            raise BadProxyHeader("the line is too long")
        return None
    return ProxyHeader(len(line) + 2, _v1_source(line.decode("latin-1")))


def _v1_source(line: str) -> str | None:
    if _v1_unknown(line):
        return None  # "the receiver must ignore anything presented before the CRLF", section 2.1
    match = _v1_line(line)
    if match is None or max(int(match[4]), int(match[5])) > 0xFFFF:
        raise BadProxyHeader("the line is malformed")
    try:
        source, destination = ip_address(match[2]), ip_address(match[3])
    except ValueError:
        raise BadProxyHeader("an address is malformed") from None
    if not source.version == destination.version == int(match[1]):
        raise BadProxyHeader("an address is of another family")
    return _text(source)


def _read_v2(data: bytes) -> ProxyHeader | None:
    if len(data) < _V2_FIXED:
        return None
    command, family, length = struct.unpack_from("!BBH", data, len(V2_START))
    size = _V2_FIXED + length
    if command not in (_LOCAL, _PROXY):
        raise BadProxyHeader("the version or command is unknown")
    if size > LONGEST:
        raise BadProxyHeader("the header is too long")
    if len(data) < size:
        return None
    return ProxyHeader(size, _v2_source(command, family, data[:size]))


def _v2_source(command: int, family: int, header: bytes) -> str | None:
    if command == _LOCAL:  # a health check of the load balancer itself: whatever follows is to be ignored
        return None
    if family == _UNSPECIFIED:
        _check_extensions(header, _V2_FIXED)
        return None
    addresses = _STREAMS.get(family)
    if addresses is None:
        raise BadProxyHeader("the family or transport is unknown")
    if len(header) < _V2_FIXED + addresses:
        raise BadProxyHeader("the addresses are cut off")
    _check_extensions(header, _V2_FIXED + addresses)
    if family == _UNIX:
        return ""
    return _text(ip_address(header[_V2_FIXED : _V2_FIXED + (4 if addresses == 12 else 16)]))


def _check_extensions(header: bytes, start: int) -> None:
    """The type-length-values after the addresses: their lengths must add up, and a checksum must be right."""
    while start < len(header):
        value = start + 3
        if value > len(header):
            raise BadProxyHeader("an extension is cut off")
        kind, length = struct.unpack_from("!BH", header, start)
        start = value + length
        if start > len(header):
            raise BadProxyHeader("an extension is cut off")
        if kind == _CRC32C:
            _check_sum(header, value, length)


def _check_sum(header: bytes, start: int, length: int) -> None:
    """CRC32C over the whole header, its own field taken as zero (section 2.2.3)."""
    end = start + _CHECKSUM_BYTES
    if length != _CHECKSUM_BYTES or crc32c(header[:start] + bytes(4) + header[end:]) != int.from_bytes(
        header[start:end]
    ):
        raise BadProxyHeader("the checksum is wrong")


def _text(address: IPv4Address | IPv6Address) -> str:
    """An IPv4 address within an IPv6 one is the IPv4 address, or rules about it would not see it."""
    return str((address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address)
