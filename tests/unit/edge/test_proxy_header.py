import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotgate.edge.crc32c import crc32c
from hotgate.edge.proxy_header import LONGEST, BadProxyHeader, ProxyHeader, read_header

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
V4 = socket.inet_aton("192.0.2.1") + socket.inet_aton("198.51.100.1") + struct.pack("!HH", 4711, 443)
V6 = socket.inet_pton(socket.AF_INET6, "2001:db8::1") + bytes(16) + bytes(4)
LINE = b"PROXY TCP4 192.0.2.1 198.51.100.1 4711 443\r\n"


def v2(family: int, block: bytes, command: int = 0x21) -> bytes:
    return SIGNATURE + struct.pack("!BBH", command, family, len(block)) + block


def extension(kind: int, value: bytes) -> bytes:
    return struct.pack("!BH", kind, len(value)) + value


def with_checksum(block: bytes, wrong: int = 0) -> bytes:
    checksum = crc32c(v2(0x11, block + extension(3, bytes(4))))
    return v2(0x11, block + extension(3, struct.pack("!I", checksum ^ wrong)))


@pytest.mark.parametrize(
    ("header", "source"),
    [
        (LINE, "192.0.2.1"),
        (b"PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n", "0.0.0.0"),
        (b"PROXY TCP6 2001:DB8::1 ::1 1 2\r\n", "2001:db8::1"),
        (b"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", "192.0.2.1"),
        (b"PROXY UNKNOWN\r\n", None),
        (b"PROXY UNKNOWN ffff::1 whatever\r\n", None),
        (v2(0x11, V4), "192.0.2.1"),
        (v2(0x21, V6), "2001:db8::1"),
        (v2(0x21, bytes(10) + b"\xff\xff\xc0\x00\x02\x01" + bytes(20)), "192.0.2.1"),
        (v2(0x31, b"/run/x".ljust(216, b"\0")), ""),
        (v2(0x00, b""), None),
        (v2(0x00, extension(4, b"padding")), None),
        (v2(0x11, V4 + extension(1, b"h2") + extension(4, b"")), "192.0.2.1"),
        (with_checksum(V4), "192.0.2.1"),
        (v2(0x00, b"", 0x20), None),
        (v2(0x11, V4, 0x20), None),  # LOCAL: whatever it says is to be ignored
        (v2(0xFF, b"anything", 0x20), None),
        (v2(0x11, V4 + extension(4, bytes(LONGEST - 16 - 12 - 3))), "192.0.2.1"),
    ],
)
def test_a_header_is_read_however_it_arrives(header: bytes, source: str | None) -> None:
    wanted = ProxyHeader(len(header), source)
    assert read_header(header) == wanted
    assert read_header(header + b"GET / HTTP/1.1\r\n") == wanted
    assert read_header(header + header) == wanted
    for end in range(1, len(header)):
        assert read_header(header[:end]) is None


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n",
        b"\x16\x03\x01",
        b" " + LINE,
        b"\r\n" + LINE,
        b"proxy TCP4 192.0.2.1 198.51.100.1 4711 443\r\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.1 4711 443\n\r\n",
        b"PROXY TCP4  192.0.2.1 198.51.100.1 4711 443\r\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.1 4711 443 \r\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.1 4711 65536\r\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.1 04711 443\r\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.1 +4711 443\r\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.1 443\r\n",
        b"PROXY TCP4 192.0.2.01 198.51.100.1 4711 443\r\n",
        b"PROXY TCP4 192.0.2 198.51.100.1 4711 443\r\n",
        b"PROXY TCP4 256.0.2.1 198.51.100.1 4711 443\r\n",
        b"PROXY TCP4 localhost 198.51.100.1 4711 443\r\n",
        b"PROXY TCP4 ::1 ::1 4711 443\r\n",
        b"PROXY TCP6 192.0.2.1 ::1 4711 443\r\n",
        b"PROXY TCP6 fe80::1%eth0 ::1 4711 443\r\n",
        b"PROXY UDP4 192.0.2.1 198.51.100.1 4711 443\r\n",
        b"PROXY UNKNOWNX\r\n",
        b"PROXY UNKNOWN " + b"x" * 100 + b"\r\n",
        b"PROXY " + b"x" * 101,
        v2(0x11, V4, 0x11),
        v2(0x11, V4, 0x22),
        v2(0x12, V4),
        v2(0x41, V4),
        v2(0x11, V4[:-1]),
        v2(0x21, V4),
        v2(0x31, bytes(215)),
        v2(0x11, V4 + b"\x01\x00"),
        v2(0x11, V4 + b"\x01\x00\x05h2"),
        v2(0x00, b"\x01"),
        with_checksum(V4, wrong=1),
        v2(0x11, V4 + extension(3, b"123")),
        v2(0x11, V4 + extension(4, bytes(LONGEST))),
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(BadProxyHeader):
        read_header(data)


def test_a_long_header_is_refused_before_it_has_arrived() -> None:
    with pytest.raises(BadProxyHeader):
        read_header(v2(0x11, bytes(LONGEST))[:16])


@given(st.binary(max_size=300), st.sampled_from([b"", SIGNATURE, b"PROXY ", SIGNATURE + b"\x21\x11"]))
def test_nothing_else_escapes(data: bytes, start: bytes) -> None:
    try:
        header = read_header(start + data)
    except BadProxyHeader:
        return
    assert header is None or header.size <= len(start + data)
