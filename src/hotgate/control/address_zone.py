"""Where an address lies: a document from outside must not make the gateway ask inside (CWE-918, SSRF)."""

from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# Python calls these global, the first of them up to 3.11.9 and 3.12.3 (CVE-2024-4032). Nothing there is on the
# Internet (RFC 6890, RFC 3879), and 192.0.0.192 is the metadata service of a cloud.
_INSIDE: tuple[IPv4Network | IPv6Network, ...] = (IPv4Network("192.0.0.0/24"), IPv6Network("fec0::/10"))
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052 §2.1


class Zone(Enum):
    """LINK_LOCAL: where clouds keep their metadata services. OTHER: multicast, reserved, unspecified."""

    PUBLIC = "public"
    PRIVATE = "private"
    LOOPBACK = "loopback"
    LINK_LOCAL = "link-local"
    OTHER = "reserved"


def zone_of(address: str) -> Zone:
    """The zone of a numeric address, or of the IPv4 address that is wrapped in it. Raises ValueError for no address."""
    found = _unwrapped(ip_address(address.partition("%")[0]))
    if found.is_loopback:
        return Zone.LOOPBACK
    if found.is_link_local:
        return Zone.LINK_LOCAL
    if found.is_multicast or found.is_unspecified or found.is_reserved:
        return Zone.OTHER
    return Zone.PUBLIC if found.is_global and not any(found in network for network in _INSIDE) else Zone.PRIVATE


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Translators deliver these to the IPv4 address inside (RFC 4291 §2.5.5.2, RFC 3056, RFC 6052)."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address
