"""A connection on its way through the protocols of its listener: who it is from, and its place among all others."""

import asyncio
from typing import cast

from hotgate.edge.admission import Reason
from hotgate.edge.context import EdgeContext, ListenerRules
from hotgate.edge.peer import peer_of
from hotgate.http.forwarded import UNIX_PEER


class Arrival:
    """listener: its name. rules: as they were when it came. peer: the address that connected, or the one that a
    protocol before the present one was told of, "" if that is no address of IP; None before either is known.
    """

    __slots__ = ("_address", "_context", "_is_admitted", "listener", "peer", "rules")

    def __init__(self, context: EdgeContext, listener: str, rules: ListenerRules) -> None:
        self._context = context
        self.listener = listener
        self.rules = rules
        self.peer: str | None = None
        self._address: str | None = None
        self._is_admitted = False

    def overload(self, transport: asyncio.BaseTransport) -> Reason | None:
        """Why nobody is served at the moment, or None. Counts a refusal."""
        context = self._context
        admission = context.admission
        if admission.is_closed:
            return admission.refuse("overloaded")
        if transport.get_extra_info("socket").fileno() > admission.highest_descriptor:
            return admission.refuse("descriptors")
        if len(context.connections) - admission.lingering >= context.snapshot.max_connections:
            return admission.refuse("too-many")
        return None

    def admit(self, transport: asyncio.BaseTransport) -> Reason | None:
        """Why this client is not served, or None: from then on it counts for its address, until `leave`.

        Whichever protocol is the first to speak with the client asks; what comes after it may ask again. One that has
        reset the connection already is aborted: its request may be here, but nobody could say any more who sent it.
        """
        if self._is_admitted:
            return None
        if self.peer is None:
            self.peer = peer_of(transport)
            if not self.peer:
                cast(asyncio.Transport, transport).abort()
                return None
        reason = self.overload(transport) or self._excess()
        self._is_admitted = reason is None
        return reason

    @property
    def has_old_terms(self) -> bool:
        """Whether a reload has changed what the listener asks of clients, or believes of them, since it came."""
        return self._context.snapshot.listeners[self.listener].terms != self.rules.terms

    def leave(self) -> None:
        """It is gone."""
        if self._address is not None:
            self._context.admission.leave(self._address)
            self._address = None

    def _excess(self) -> Reason | None:
        if not self.peer or self.peer == UNIX_PEER or self.rules.trusted_proxies.trusts(self.peer):
            return None
        admission = self._context.admission
        self._address = admission.enter(self.peer, self._context.snapshot.max_connections_per_address)
        return admission.refuse("per-address") if self._address is None else None
