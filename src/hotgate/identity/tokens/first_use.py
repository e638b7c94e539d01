"""Tokens for single use: the control process remembers, for all workers, which ones were used (RFC 7519 §4.1.7)."""

from collections.abc import Awaitable, Callable
from typing import Any

from hotgate.http.response import Response
from hotgate.identity.challenge import store_unavailable, token_refused
from hotgate.identity.confirmation import Stage
from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.tokens.jwt import VerifiedToken
from hotgate.store.errors import StoreUnavailable

Ask = Callable[[str, Any], Awaitable[Any]]


class FirstUse:
    """The demand that a token was not used before. To ask whether it is met uses the token up.

    ask: the question to the control process, which raises when there is no answer; None: nobody to ask.
    """

    __slots__ = ("_ask", "_body", "_challenges")

    stage = Stage.USE

    def __init__(self, ask: Ask | None, token: VerifiedToken, challenges: tuple[str, ...]) -> None:
        principal = token.principal
        self._ask = ask
        self._body = {"provider": principal.provider, "jti": principal.credential, "expires": token.expires}
        self._challenges = challenges

    async def refusal(self, _exchange: Any) -> Response | None:
        """401 if it was used before, 503 if nobody can tell."""
        if self._ask is None:
            return store_unavailable(StoreUnavailable("nobody remembers which tokens were used"))
        try:
            is_first = await self._ask("single_use", self._body)
        except Exception as error:  # noqa: BLE001 (runtime's Unanswered, which is defined above this package)
            return store_unavailable(StoreUnavailable(f"whether the token was used before is not known: {error}"))
        if is_first is True:
            return None
        return token_refused(self._challenges, CredentialRefused("token-already-used", "its jti was used before"))
