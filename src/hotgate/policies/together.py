"""`{all: [devices, corp]}` in `authenticate`: several proofs of one caller that must come in one request."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hotgate.http.response import Response
from hotgate.identity.principal import Principal
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import Authenticator

_MAX_KNOWN = 1024


@dataclass(frozen=True, slots=True)
class Incomplete:
    """Some members found their kind of credential and accepted it, others found none. challenges: of the latter."""

    challenges: tuple[str, ...]


class Together:
    """A group, compiled. Every member is asked, also behind a missing one: a bad credential is never passed over.

    What good credentials demand besides (`confirmations`) is looked at when they have come together, and not before.
    """

    def __init__(self, members: Sequence[Authenticator]) -> None:
        self.name = "+".join(member.name for member in members)
        self.members = tuple(members)
        self._known: dict[tuple[Principal, ...], Principal] = {}

    def authenticate(self, exchange: Exchange) -> Any:
        """The caller, a member's refusal, Incomplete, None when no member finds its kind, or an awaitable of these."""
        return self._ask(exchange, [])

    def _ask(self, exchange: Exchange, found: list[Principal | None]) -> Any:
        """found: what the first members have answered."""
        for member in self.members[len(found) :]:
            answer = member.authenticate(exchange)
            if isinstance(answer, Response):
                return answer
            if answer is not None and not isinstance(answer, Principal):
                return self._ask_later(exchange, found, answer)
            found.append(answer)
        return self._concluded(found)

    async def _ask_later(self, exchange: Exchange, found: list[Principal | None], pending: Any) -> Any:
        answer = await pending
        if isinstance(answer, Response):
            return answer
        if answer is not None and not isinstance(answer, Principal):
            raise TypeError(f"an authenticator answered with {type(answer).__name__}")
        rest = self._ask(exchange, [*found, answer])
        return rest if rest is None or isinstance(rest, Principal | Response | Incomplete) else await rest

    def _concluded(self, found: list[Principal | None]) -> Principal | Incomplete | None:
        proofs = tuple(proof for proof in found if proof is not None)
        if not proofs:
            return None
        if len(proofs) < len(found):
            answers = zip(self.members, found, strict=True)
            return Incomplete(tuple(member.challenge for member, proof in answers if proof is None))
        return self._joined(proofs)

    def _joined(self, proofs: tuple[Principal, ...]) -> Principal:
        """Remembered, because what is derived from a principal (an assertion, say) is kept with it."""
        known = self._known.get(proofs)
        if known is None:
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            known = self._known[proofs] = proofs[0].with_proofs(proofs)
        return known


class AskedOnce:
    """A member of several groups: asked once per request, for a credential may be dear to verify."""

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
        if answer is None or isinstance(answer, Principal | Response):
            exchange.state[self._place] = answer
            return answer
        return self._answered_later(exchange, answer)

    async def _answered_later(self, exchange: Exchange, pending: Any) -> Any:
        answer = exchange.state[self._place] = await pending
        return answer
