"""`{all: [devices, corp]}` in `authenticate`: several proofs of one caller that must come in one request."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hotgate.http.response import Response
from hotgate.identity.principal import Principal
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import Authenticator
from hotgate.policies.certificate_binding import binding_refusal
from hotgate.policies.pending_use import PendingUse

Proof = Principal | PendingUse

_MAX_KNOWN = 1024


@dataclass(frozen=True, slots=True)
class Incomplete:
    """Some members found their kind of credential and accepted it, others found none. challenges: of the latter."""

    challenges: tuple[str, ...]


class Together:
    """A group, compiled. Every member is asked, also behind a missing one: a bad credential is never passed over."""

    def __init__(self, members: Sequence[Authenticator]) -> None:
        self.name = "+".join(member.name for member in members)
        self.members = tuple(members)
        self._known: dict[tuple[Principal, ...], Principal] = {}

    def authenticate(self, exchange: Exchange) -> Any:
        """The caller, a member's refusal, Incomplete, None when no member finds its kind, or an awaitable of these."""
        return self._ask(exchange, [])

    def _ask(self, exchange: Exchange, found: list[Proof | None]) -> Any:
        """found: what the first members have answered."""
        for member in self.members[len(found) :]:
            answer = member.authenticate(exchange)
            if isinstance(answer, Response):
                return answer
            if answer is not None and not isinstance(answer, Proof):
                return self._ask_later(exchange, found, answer)
            if isinstance(answer, Principal) and (refusal := _unbound(answer, exchange)):
                return refusal
            found.append(answer)
        return self._concluded(found)

    async def _ask_later(self, exchange: Exchange, found: list[Proof | None], pending: Any) -> Any:
        answer = await pending
        if isinstance(answer, Response):
            return answer
        if answer is not None and not isinstance(answer, Principal):
            raise TypeError(f"an authenticator answered with {type(answer).__name__}")
        if answer is not None and (refusal := _unbound(answer, exchange)):
            return refusal
        rest = self._ask(exchange, [*found, answer])
        return rest if rest is None or isinstance(rest, Principal | Response | Incomplete) else await rest

    def _concluded(self, found: list[Proof | None]) -> Any:
        proofs = [proof for proof in found if proof is not None]
        if not proofs:
            return None
        if len(proofs) < len(found):
            answers = zip(self.members, found, strict=True)
            return Incomplete(tuple(member.challenge for member, proof in answers if proof is None))
        known = tuple(proof for proof in proofs if isinstance(proof, Principal))
        return self._joined(known) if len(known) == len(proofs) else self._joined_later(proofs)

    async def _joined_later(self, proofs: list[Proof]) -> Principal | Response | None:
        """Nothing is missing, so tokens that may be used once are used up now, and not before."""
        known: list[Principal] = []
        for proof in proofs:
            answer = await proof if isinstance(proof, PendingUse) else proof
            if not isinstance(answer, Principal):
                return answer
            known.append(answer)
        return self._joined(tuple(known))

    def _joined(self, proofs: tuple[Principal, ...]) -> Principal:
        """Remembered, because what is derived from a principal (an assertion, say) is kept with it."""
        known = self._known.get(proofs)
        if known is None:
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            known = self._known[proofs] = proofs[0].with_proofs(proofs)
        return known


def _unbound(principal: Principal, exchange: Exchange) -> Response | None:
    """The refusal of a token that is bound to another connection, for whichever member of the group it is."""
    return None if principal.confirmation is None else binding_refusal(principal, exchange)


class AskedOnce:
    """A member of several groups: asked once per request, for a token that may be used once would be used up."""

    def __init__(self, authenticator: Authenticator) -> None:
        self.name = authenticator.name
        self.challenge = authenticator.challenge
        self.forwards_credential = authenticator.forwards_credential
        self.sources = authenticator.sources
        self._authenticator = authenticator
        self._place = f"authenticate.{authenticator.name}"

    def authenticate(self, exchange: Exchange) -> Any:
        """As the authenticator has answered."""
        if self._place in exchange.state:
            return exchange.state[self._place]
        answer = self._authenticator.authenticate(exchange)
        if answer is None or isinstance(answer, Proof | Response):
            exchange.state[self._place] = answer
            return answer
        return self._answered_later(exchange, answer)

    async def _answered_later(self, exchange: Exchange, pending: Any) -> Any:
        answer = exchange.state[self._place] = await pending
        return answer
