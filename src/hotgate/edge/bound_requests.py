"""Requests on a connection that was made for one host, under rules about the client's certificate."""

import time
from collections.abc import Callable
from typing import Protocol

from hotgate.edge.context import EdgeContext
from hotgate.edge.incoming import Incoming
from hotgate.edge.request_reader import RequestOwner
from hotgate.edge.tls_listener import ServedHost, TlsListener
from hotgate.edge.tls_transport import TlsTransport
from hotgate.http.response import Response
from hotgate.identity.certificates.client_trust import Verdict, recheck

_LAST_SECONDS = 30.0  # before a verdict ends: the client is asked to connect anew while its requests still pass


class _Owner(RequestOwner, Protocol):
    @property
    def listener(self) -> str: ...


class BoundRequests:
    """Stands before a connection on a listener that asks clients for certificates.

    The handshake was about one name: what the client proved, it proved to that host. A browser that reuses the
    connection for another one, or a client that pretends to, is told to connect again (421, RFC 9110 §7.4). And what
    it proved must still hold: the rules of today are asked, not those of the handshake.
    """

    __slots__ = ("_clock", "_context", "_host", "_owner", "_rules", "_tls", "_verdict", "on_client_hello")

    def __init__(self, owner: _Owner, tls: TlsTransport, context: EdgeContext) -> None:
        self._owner = owner
        self._tls = tls
        self._context = context
        self._rules: TlsListener | None = tls.rules
        self._host: ServedHost | None = tls.host
        trust = tls.host.clients.trust
        self._clock: Callable[[], float] = time.time if trust is None else trust.clock
        self._verdict = tls.verdict or self._judged()
        self.on_client_hello = owner.on_client_hello

    def on_incoming(self, incoming: Incoming) -> bool:
        if incoming.refusal is None:
            incoming.refusal = self._refusal(incoming)
        return self._owner.on_incoming(incoming)

    def _refusal(self, incoming: Incoming) -> Response | None:
        listener = self._context.snapshot.listeners.get(self._owner.listener)
        rules = None if listener is None else listener.tls
        if rules is not self._rules:
            self._follow(rules)
        if not self._is_directed_here(incoming.request.host):
            return Response.problem(
                421, code="misdirected-request", detail="This connection was made for another host. Use a new one."
            )
        remaining = self._verdict.until - self._clock()
        if remaining < _LAST_SECONDS:
            incoming.keep_alive = False
            if remaining <= 0:
                self._verdict = self._judged()
        return self._verdict.refusal

    def _is_directed_here(self, name: str) -> bool:
        """Whether a request for this host may come on a connection for that one."""
        asked, here, rules = self._tls.name, self._host, self._rules
        if rules is None or here is None:
            return False
        if name == asked:
            return True
        there = rules.find(name)
        if asked is None:
            return there is here
        return there is not None and not (here.asks or there.asks)

    def _follow(self, rules: TlsListener | None) -> None:
        """A reload: what is asked of the clients of this host may have changed, and who is believed."""
        self._rules = rules
        self._host = None if rules is None else rules.find(self._tls.name or "")
        self._verdict = self._judged()

    def _judged(self) -> Verdict:
        if self._host is None:
            return Verdict(recheck())
        trust, certificate = self._host.clients.trust, self._tls.certificate
        if trust is None:
            return Verdict(None if certificate is None else recheck())  # nobody stands behind it any more
        self._clock = trust.clock
        if certificate is None:
            return Verdict(recheck() if trust.is_required else None)
        return trust.judge(certificate) or Verdict(recheck())
