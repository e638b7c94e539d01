"""Where a user is sent to log out at the provider, and the end of the tokens that the session had."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from hotgate.control.openid.authorization_request import MAX_LOCATION, with_query
from hotgate.control.openid.failures import Failure
from hotgate.control.openid.provider import Provider

_log = logging.getLogger(__name__)

_MOST_REVOCATIONS = 64  # under way at once; tokens that find no room end by themselves


class Logouts:
    """At one provider."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._revocations: set[asyncio.Task[None]] = set()

    async def location(self, id_token: str | None, return_to: str | None, state: str | None) -> str | None:
        """The address (RP-Initiated Logout 1.0 §2); None where the provider has none.

        return_to: where it is to send the browser afterwards, absolute. The ID token is the one thing of a login that
        the specification puts into an address; it opens nothing here, and is left out where it would not fit.
        """
        end_session = (await self._provider.metadata.endpoints()).end_session
        if end_session is None:
            return None
        parameters = {"client_id": self._provider.settings.client.id}
        if return_to is not None:
            parameters["post_logout_redirect_uri"] = return_to
            if state is not None:
                parameters["state"] = state
        full = with_query(end_session, {**({"id_token_hint": id_token} if id_token else {}), **parameters})
        return full if len(full) <= MAX_LOCATION else with_query(end_session, parameters)

    def revoke(self, tokens: Mapping[str, Any]) -> None:
        """Revoke the refresh token, or else the access token, in the background (RFC 7009 §2.1)."""
        kind = "refresh" if tokens.get("refresh") else "access"
        if not tokens.get(kind) or len(self._revocations) >= _MOST_REVOCATIONS:
            return
        form = {"token": str(tokens[kind]), "token_type_hint": f"{kind}_token"}
        task = asyncio.create_task(self._revoke(form))
        self._revocations.add(task)
        task.add_done_callback(self._revocations.discard)

    async def stop(self) -> None:
        """End all work."""
        for task in self._revocations:
            task.cancel()
        await asyncio.gather(*self._revocations, return_exceptions=True)

    async def _revoke(self, form: Mapping[str, str]) -> None:
        try:
            place = (await self._provider.metadata.endpoints()).revocation
            if place is not None:
                await self._provider.calls.tell(place, form)
        except Failure as failure:
            _log.warning("a token of %s was not revoked at its provider: %s", self._provider.name, failure)
