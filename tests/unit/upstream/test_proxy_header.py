"""The PROXY protocol header, against the examples of its specification and what must never get into it."""

import struct
from ipaddress import IPv4Address, IPv6Address

import pytest

from hotgate.upstream.proxy_header import ClientAddresses, proxy_header

_SIGNATURE = b"\x0d\x0a\x0d\x0a\x00\x0d\x0a\x51\x55\x49\x54\x0a"


@pytest.mark.parametrize(
    ("addresses", "line"),
    [
        (ClientAddresses("192.0.2.1", 56324, "192.0.2.2", 443), b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n"),
        (ClientAddresses("2001:db8::1", 0, "2001:db8::2", 80), b"PROXY TCP6 2001:db8::1 2001:db8::2 0 80\r\n"),
        (ClientAddresses("fe80::1%eth0", 5, "fe80::2", 80), b"PROXY TCP6 fe80::1 fe80::2 5 80\r\n"),
        (ClientAddresses("", 0, "", 0), b"PROXY UNKNOWN\r\n"),
        (ClientAddresses("evil\r\nGET /", 1, "192.0.2.2", 80), b"PROXY UNKNOWN\r\n"),
    ],
)
def test_version_1(addresses: ClientAddresses, line: bytes) -> None:
    assert proxy_header("v1", addresses) == line


def test_a_client_of_another_family_than_the_connection() -> None:
    header = proxy_header("v1", ClientAddresses("2001:db8::1", 0, "192.0.2.2", 80)).decode().split(" ")
    assert header[1:3] == ["TCP6", "2001:db8::1"]
    assert IPv6Address(header[3]).ipv4_mapped == IPv4Address("192.0.2.2")


def test_version_2() -> None:
    header = proxy_header("v2", ClientAddresses("192.0.2.1", 56324, "192.0.2.2", 443))
    assert header == _SIGNATURE + b"\x21\x11\x00\x0c\xc0\x00\x02\x01\xc0\x00\x02\x02" + struct.pack(">HH", 56324, 443)
    header = proxy_header("v2", ClientAddresses("2001:db8::1", 1, "192.0.2.2", 2))
    assert header[12:16] == b"\x21\x21\x00\x24"
    assert len(header) == 16 + 36
    assert proxy_header("v2", ClientAddresses("", 0, "", 0)) == _SIGNATURE + b"\x21\x00\x00\x00"
