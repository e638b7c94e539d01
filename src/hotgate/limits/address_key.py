"""A caller known by address only. One customer has a whole /64 of IPv6, so the key is the network."""

import functools
import ipaddress

from hotgate.limits.key import bounded_key

IPV4_PREFIX = 32
IPV6_PREFIX = 64


@functools.lru_cache(maxsize=8192)
def address_key(client: str, ipv4_prefix: int = IPV4_PREFIX, ipv6_prefix: int = IPV6_PREFIX) -> str:
    """The key for a client's address as text: its network of so many bits. An IPv4-mapped address is the IPv4 one."""
    return bounded_key(f"a\0{_network(client, ipv4_prefix, ipv6_prefix)}")


def _network(client: str, ipv4_prefix: int, ipv6_prefix: int) -> str:
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return client  # a peer without an address, such as a Unix socket: all of them are one caller
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    prefix, default = (ipv4_prefix, IPV4_PREFIX) if address.version == 4 else (ipv6_prefix, IPV6_PREFIX)
    network = ipaddress.ip_network((address, prefix), strict=False)
    return str(network.network_address) if prefix == default else str(network)
