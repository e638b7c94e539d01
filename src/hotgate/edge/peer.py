"""Who is at the other end of a connection, as text."""

import asyncio

from hotgate.http.forwarded import UNIX_PEER

_IPV4_WITHIN_IPV6 = "::ffff:"  # RFC 4291 §2.5.5.2, as the kernel writes it


def peer_of(transport: asyncio.BaseTransport) -> str:
    """The address; UNIX_PEER for a Unix socket; "" when the kernel does not know it any more.

    On a dual-stack socket, as systemd opens them, an IPv4 client looks like `::ffff:192.0.2.1`; it is IPv4 again, for
    else all of IPv4 would be one /64 of IPv6.
    """
    peer = transport.get_extra_info("peername")
    if isinstance(peer, tuple):
        return str(peer[0]).removeprefix(_IPV4_WITHIN_IPV6)
    return "" if peer is None else UNIX_PEER
