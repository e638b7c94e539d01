"""Tokens for single use: the control process remembers, for all workers, which ones were used (RFC 7519 §4.1.7)."""

from collections.abc import Awaitable, Callable
from typing import Any

from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.tokens.jwt import VerifiedToken
from hotgate.store.errors import StoreUnavailable

Ask = Callable[[str, Any], Awaitable[Any]]


class FirstUse:
    """ask: the question to the control process, which raises when there is no answer; None: nobody to ask."""

    def __init__(self, ask: Ask | None) -> None:
        self._ask = ask

    async def claim(self, token: VerifiedToken) -> None:
        """Use the token up. Raises CredentialRefused if it was used before, StoreUnavailable if nobody can tell."""
        if self._ask is None:
            raise StoreUnavailable("nobody remembers which tokens were used")
        principal = token.principal
        body = {"provider": principal.provider, "jti": principal.credential, "expires": token.expires}
        try:
            is_first = await self._ask("single_use", body)
        except Exception as error:  # runtime's Unanswered, which is defined above this package
            raise StoreUnavailable(f"whether the token was used before is not known: {error}") from error
        if is_first is not True:
            raise CredentialRefused("token-already-used", "its jti was used before")
