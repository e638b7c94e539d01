"""A caller known by address only. One customer has a whole /64 of IPv6, so the key is the network."""

import functools
import ipaddress

from hotgate.limits.key import bounded_key


@functools.lru_cache(maxsize=8192)
def address_key(client: str) -> str:
    """The key for a client's address as text; for IPv6 its /64, for an IPv4-mapped address the IPv4 one."""
    return bounded_key(f"a\0{_network(client)}")


def _network(client: str) -> str:
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return client  # a peer without an address, such as a Unix socket: all of them are one caller
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Address(int(address) >> 64 << 64))
