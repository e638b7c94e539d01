"""`Hotgate-Explain`: an operator's ticket in a request, and in its answer what decided, where, and for whom.

Without a good ticket there is no sign that anybody looks at the field. It never reaches a backend: where answers are
not explained, it is removed with the other names that are the gateway's (`http/reserved.py`), else by `take` before any
other step. The control process knows where in the file a rule stands; without it, the answer has the key alone.
"""

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from hotgate.http.headers import Field
from hotgate.http.reserved import EXPLAIN_FIELD, spelling
from hotgate.keys.explain_ticket import is_good_ticket
from hotgate.keys.sealing_ring import SealingRingHolder
from hotgate.pipeline.decision import Decision
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import PhasedStep
from hotgate.policies.explaining.facts import (
    attribute_values,
    limit_facts,
    path_text,
    principal_facts,
    shown_text,
)

ABOUT = "positions"
MAX_BYTES = 2048  # of the answer's field: with it, heads stay below the 4 KiB that some clients and proxies read
_WAIT = 0.5  # seconds for the control process
_ASKED = "explain.asked"
_POLICY = "admin"
_NOT_KEPT: Field = (b"cache-control", b"no-store")  # the next reader of a cache has no ticket

Ask = Callable[..., Awaitable[Any]]


class ExplainedAnswers:
    """keys: of the tickets. ask: the control process, if there is one. now: epoch seconds."""

    def __init__(self, keys: SealingRingHolder, ask: Ask | None, now: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._ask = ask
        self._now = now

    @property
    def steps(self) -> tuple[PhasedStep, ...]:
        """For every route, before its other steps: so the first that sees a request and the last that sees an
        answer."""
        owned = frozenset({spelling(EXPLAIN_FIELD)})
        return (
            PhasedStep(Phase.ADMIT, self.take, owned_fields=owned, policy=_POLICY),
            PhasedStep(Phase.RESPOND, self.tell, policy=_POLICY),
        )

    def take(self, exchange: Exchange) -> None:
        """Remove the field, and note if its ticket is good."""
        headers = exchange.request.headers
        ticket = headers.get(EXPLAIN_FIELD)
        if ticket is not None:
            headers.remove(EXPLAIN_FIELD)
            if is_good_ticket(self._keys.ring, ticket, self._now()):
                exchange.state[_ASKED] = True

    def tell(self, exchange: Exchange) -> Awaitable[None] | None:
        """Add the field to the answer, if it was asked for. A request that no route wanted was not looked at yet."""
        self.take(exchange)
        return self._told(exchange) if _ASKED in exchange.state else None

    async def _told(self, exchange: Exchange) -> None:
        response = exchange.response
        if response is None:
            return
        facts = facts_of(exchange)
        if exchange.decision is not None:
            facts["decision"]["at"] = await self._position(exchange.decision)
        response.headers.set(EXPLAIN_FIELD, encoded(facts))
        response.headers.set(*_NOT_KEPT)

    async def _position(self, decision: Decision) -> str:
        if self._ask is None:
            return ""
        try:
            return str(await self._ask(ABOUT, list(decision.path), wait=_WAIT))
        except Exception:  # noqa: BLE001 (the runtime's Unanswered, or anything: the key of the file says it too)
            return ""


def facts_of(exchange: Exchange) -> dict[str, Any]:
    """What is known of an exchange that is answered."""
    response, principal = exchange.response, exchange.principal
    facts: dict[str, Any] = {"route": exchange.route.name, "request_id": exchange.request_id}
    if principal is not None:
        facts["principal"] = principal_facts(principal)
    if exchange.decision is not None:
        facts["decision"] = decision_facts(exchange.decision, exchange)
    if exchange.limit is not None:
        facts["limit"] = limit_facts(exchange.limit)
    if response is not None and response.code:
        facts["code"] = response.code
        facts["detail"] = shown_text(response.log_detail)
    return facts


def decision_facts(decision: Decision, exchange: Exchange) -> dict[str, Any]:
    """Of one rule."""
    return {
        "policy": decision.policy,
        "rule": decision.rule,
        "path": path_text(decision),
        "allowed": decision.allowed,
        "reason": shown_text(decision.reason),
        "attributes": attribute_values(decision, exchange),
    }


def encoded(facts: Mapping[str, Any]) -> bytes:
    """JSON in ASCII, which can hold no line end. What is too long loses its attributes first, and its caller next."""
    for lost in ((), ("attributes",), ("attributes", "principal"), ("attributes", "principal", "reason", "detail")):
        text = json.dumps(_without(facts, lost), separators=(",", ":"))
        if len(text) <= MAX_BYTES:
            return text.encode("ascii")
    return b'{"truncated":true}'


def _without(facts: Mapping[str, Any], lost: tuple[str, ...]) -> dict[str, Any]:
    kept = {name: value for name, value in facts.items() if name not in lost}
    if isinstance(kept.get("decision"), Mapping):
        kept["decision"] = {name: value for name, value in kept["decision"].items() if name not in lost}
    return kept
