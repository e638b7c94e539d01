"""What a listener does with a new connection: each front makes way for the next protocol, the last one speaks HTTP."""

import asyncio
from functools import partial

from hotgate.edge.connection import ServerConnection
from hotgate.edge.context import EdgeContext
from hotgate.edge.proxy_protocol import ProxyProtocol


def accept(context: EdgeContext, listener: str, peer: str | None = None) -> asyncio.Protocol:
    """The protocol for a connection, by the rules in force now: a reload may have put a front before HTTP.

    peer: the client's address, once a front has learnt it.
    """
    rules = context.snapshot.listeners.get(listener)
    if peer is None and rules is not None and rules.proxy_sources is not None:
        return ProxyProtocol(context, listener, rules.proxy_sources, partial(accept, context, listener))
    return ServerConnection(context, listener, peer=peer)
