"""How a worker has a token introspected: it asks the control process, for so many tokens at once and not for more."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hotgate.identity.refusal import CredentialRefused
from hotgate.limits.address_key import address_key
from hotgate.limits.concurrency.fair_turns import FairTurns, NoTurn

ABOUT = "introspection"
AT_ONCE = 32  # questions of one entry and worker
MOST_WAITING = 512
_MARGIN = 0.5  # seconds that the control process's own limits get to act first


class IntrospectionUnavailable(Exception):
    """Nobody can say whether the token is good. retry_after: seconds, 0 if that is not known."""

    def __init__(self, reason: str, retry_after: int = 0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class ActiveToken:
    """claims: what the server says of it, as JSON. keep: seconds for which that may be believed. jwt: in which form the
    server has signed it, or empty."""

    claims: bytes = field(repr=False)
    keep: float
    jwt: bytes = field(repr=False)


class TokenQuestions:
    """source: whom the control process asks. ask: the way to it, None if there is none. timeout: seconds for the
    server's answer.

    The address of whoever sends a token owns its turn, so a flood of made-up tokens from one address delays the tokens
    of no other by more than one turn.
    """

    def __init__(self, source: str, ask: Callable[..., Any] | None, timeout: float) -> None:
        self._source = source
        self._ask = ask
        self._timeout = timeout
        self._turns = FairTurns(AT_ONCE, MOST_WAITING)

    async def about(self, token: bytes, client: str) -> ActiveToken:
        """What the server says of a token. client: the address that sent it.

        Raises CredentialRefused (token-inactive) and IntrospectionUnavailable.
        """
        try:
            async with asyncio.timeout(self._timeout):
                await self._turns.enter(address_key(client))
        except (NoTurn, TimeoutError):
            raise IntrospectionUnavailable("too many tokens wait to be introspected") from None
        try:
            answer = await self._answer({"source": self._source, "token": token.decode("ascii")})
        finally:
            self._turns.leave()
        return _understood(answer)

    async def _answer(self, question: dict[str, str]) -> dict[str, Any]:
        if self._ask is None:
            raise IntrospectionUnavailable("there is no control process")
        try:
            answer: dict[str, Any] = await self._ask(ABOUT, question, wait=2 * self._timeout + _MARGIN)
        except Exception as error:  # runtime's Unanswered, which is defined above this package
            raise IntrospectionUnavailable(str(error)) from error
        return answer


def _understood(answer: dict[str, Any]) -> ActiveToken:
    if answer["active"] is None:
        raise IntrospectionUnavailable(str(answer["reason"]), math.ceil(answer["retry_after"]))
    if answer["active"] is not True:
        raise CredentialRefused("token-inactive", "its issuer says so")
    return ActiveToken(answer["claims"].encode(), float(answer["keep"]), answer["jwt"].encode("ascii"))
