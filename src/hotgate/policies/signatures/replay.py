"""Nonces that were used: the control process remembers them for all workers."""

from collections.abc import Awaitable, Callable
from typing import Any

from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused
from hotgate.store.errors import StoreUnavailable

Ask = Callable[[str, Any], Awaitable[Any]]


class ReplayWindow:
    """ask: the question to the control process, which raises when there is no answer; None: nobody to ask."""

    def __init__(self, ask: Ask | None) -> None:
        self._ask = ask

    async def claim(self, signer: Principal, nonce: str, expires: float) -> None:
        """Use a signer's nonce up; it is remembered until `expires` (epoch seconds).

        Raises CredentialRefused if it was used before, StoreUnavailable if nobody can tell.
        """
        if self._ask is None:
            raise StoreUnavailable("nobody remembers which nonces were used")
        # No id of a key has a tab in it, so no two pairs become one.
        body = {"provider": signer.provider, "jti": f"{signer.credential}\t{nonce}", "expires": expires}
        try:
            is_first = await self._ask("single_use", body)
        except Exception as error:  # runtime's Unanswered, which is defined above this package
            raise StoreUnavailable(f"whether the nonce was used before is not known: {error}") from error
        if is_first is not True:
            raise CredentialRefused("signature-replayed", "its nonce was used before")
