"""What a listener does with a new connection."""

import asyncio

from hotgate.edge.connection import ServerConnection
from hotgate.edge.context import EdgeContext
from hotgate.edge.tls_handshake import TlsHandshake


def accept(context: EdgeContext, listener: str) -> asyncio.Protocol:
    """The protocol for a connection, by the rules in force now: a reload may have made a plain listener a TLS one."""
    rules = context.snapshot.listeners.get(listener)
    if rules is not None and rules.tls is not None:
        return TlsHandshake(context, listener, rules.tls)
    return ServerConnection(context, listener)
