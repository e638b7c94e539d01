"""Requests for one host on a connection whose certificates were agreed upon for another (RFC 9110 §7.4)."""

import ssl

from hotgate.edge.incoming import Incoming
from hotgate.edge.request_reader import RequestOwner
from hotgate.edge.tls_listener import TlsListener
from hotgate.http.response import Response


class MisdirectedRequests:
    """Stands before a connection on a listener that asks clients for certificates.

    The handshake was about one name: what the client proved, it proved to that host. A browser that reuses the
    connection for another one, or a client that pretends to, is told to connect again (421).
    """

    __slots__ = ("_context", "_owner", "_rules", "on_client_hello")

    def __init__(self, owner: RequestOwner, rules: TlsListener, context: ssl.SSLContext) -> None:
        self._owner = owner
        self._rules = rules
        self._context = context
        self.on_client_hello = owner.on_client_hello

    def on_incoming(self, incoming: Incoming) -> bool:
        if incoming.refusal is None and self._rules.find(incoming.request.host) is not self._context:
            incoming.refusal = Response.problem(
                421, code="misdirected-request", detail="This connection was made for another host. Use a new one."
            )
        return self._owner.on_incoming(incoming)
