"""The front of a listener behind a load balancer for TCP: reads the PROXY header, then makes way for what follows."""

import asyncio
from collections.abc import Callable
from typing import cast

from hotgate.edge.arrival import Arrival
from hotgate.edge.context import EdgeContext
from hotgate.edge.peer import peer_of
from hotgate.edge.proxy_header import BadProxyHeader, ProxyHeader, read_header
from hotgate.http.forwarded import TrustedProxies
from hotgate.observe.log import security_event


class ProxyProtocol(asyncio.Protocol):
    """sources: the load balancers. A connection from elsewhere is closed: it may be one that goes around them.

    following: makes the next protocol; `arrival` is told the client's address before. Until the header is here,
    nothing is answered: the other side of such a listener is a machine that was set up wrongly, or an attacker.
    """

    __slots__ = ("_arrival", "_context", "_deadline", "_following", "_received", "_sources", "_transport")

    def __init__(
        self,
        context: EdgeContext,
        arrival: Arrival,
        sources: TrustedProxies,
        following: Callable[[], asyncio.Protocol],
    ) -> None:
        self._context = context
        self._arrival = arrival
        self._sources = sources
        self._following = following
        self._received = b""
        self._deadline = 0.0
        self._transport: asyncio.Transport

    # asyncio calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        context = self._context
        self._transport = cast(asyncio.Transport, transport)
        self._deadline = context.now + context.snapshot.timeouts.head
        is_overloaded = self._arrival.overload(transport) is not None
        context.connections[self] = None
        if is_overloaded:
            self._transport.abort()
        elif not (peer := peer_of(transport)):
            self._transport.abort()  # it has left already, as the checks of some load balancers do
        elif not self._sources.trusts(peer):
            self._refuse("the peer is not among the load balancers")

    def data_received(self, data: bytes) -> None:
        if self._transport.is_closing():
            return
        self._received += data
        try:
            header = read_header(self._received)
        except BadProxyHeader as error:
            self._refuse(str(error))
            return
        if header is not None:
            self._make_way(header)

    def connection_lost(self, exc: Exception | None) -> None:
        self._context.forget(self)

    # The tick and the drain call these.

    @property
    def is_busy(self) -> bool:
        """Nothing was asked yet."""
        return False

    def check(self, now: float) -> None:
        """Act on a deadline that has passed."""
        if now >= self._deadline:
            self._transport.abort()

    def drain(self) -> None:
        """A header, and a request, may be on their way."""
        self._deadline = min(self._deadline, self._context.now + self._context.snapshot.timeouts.last_request)

    def follow_terms(self) -> None:
        """Nothing was asked yet, so nothing is lost."""
        if self._arrival.has_old_terms:
            self._transport.abort()

    def make_room(self) -> None:
        """The header has little time anyway."""

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    def _make_way(self, header: ProxyHeader) -> None:
        self._arrival.peer = header.source
        following = self._following()
        self._context.connections.pop(self, None)
        self._transport.set_protocol(following)
        following.connection_made(self._transport)
        rest = self._received[header.size :]
        if rest and not self._transport.is_closing():  # a client who is turned away must not be served all the same
            following.data_received(rest)

    def _refuse(self, why: str) -> None:
        security_event(
            "proxy-header-refused", listener=self._arrival.listener, peer=peer_of(self._transport), reason=why
        )
        self._transport.abort()
