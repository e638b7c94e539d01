"""What a new connection meets first, and what follows: each front makes way for the next, the last one speaks HTTP."""

import asyncio
from collections.abc import Callable

from hotgate.edge.connection import ServerConnection
from hotgate.edge.context import EdgeContext
from hotgate.edge.proxy_protocol import ProxyProtocol


def arrival(context: EdgeContext, listener: str) -> Callable[[], asyncio.Protocol]:
    """The protocol factory of a listener. What a reload changes of it is asked for at each connection."""

    def http(peer: str | None = None) -> ServerConnection:
        return ServerConnection(context, listener, peer=peer)

    def arrive() -> asyncio.Protocol:
        rules = context.snapshot.listeners.get(listener)
        if rules is not None and rules.proxy_sources is not None:
            return ProxyProtocol(context, listener, rules.proxy_sources, http)
        return http()

    return arrive
