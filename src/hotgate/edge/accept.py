"""What a listener does with a new connection: each front makes way for the next protocol, the last one speaks HTTP."""

import asyncio

from hotgate.edge.arrival import Arrival
from hotgate.edge.connection import ServerConnection
from hotgate.edge.context import EdgeContext
from hotgate.edge.proxy_protocol import ProxyProtocol
from hotgate.edge.tls_handshake import TlsHandshake


def accept(context: EdgeContext, listener: str) -> asyncio.Protocol:
    """The protocol for a connection, by the rules in force now: a reload may have put a front before HTTP."""
    arrival = Arrival(context, listener, context.snapshot.listeners[listener])
    if arrival.rules.proxy_sources is not None:
        return ProxyProtocol(context, arrival, arrival.rules.proxy_sources, lambda: _after_proxy(context, arrival))
    return _after_proxy(context, arrival)


def _after_proxy(context: EdgeContext, arrival: Arrival) -> asyncio.Protocol:
    if arrival.rules.tls is not None:
        return TlsHandshake(context, arrival, arrival.rules.tls)
    return ServerConnection(context, arrival)
