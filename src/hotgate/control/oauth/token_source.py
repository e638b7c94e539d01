"""Where one upstream's tokens come from: the gateway's own, or those in exchange for callers'."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from hotgate.config.token_credentials import TokenExchange, TokenRequest
from hotgate.control.oauth.client_token import ClientToken
from hotgate.control.oauth.exchanged_tokens import ExchangedTokens
from hotgate.control.oauth.good_token import GoodToken, TokenUnavailable
from hotgate.control.oauth.token_endpoint import TokenEndpoint
from hotgate.control.oauth.token_forms import actor_form, client_credentials_form, exchange_form


class TokenSource:
    """Begins to fetch at once; needs a running loop. settings: what is asked for. clock: monotonic seconds."""

    def __init__(
        self,
        upstream: str,
        settings: TokenRequest,
        endpoint: TokenEndpoint,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self._upstream = upstream
        self._own: ClientToken | None = None
        self._exchanged: ExchangedTokens | None = None
        if not isinstance(settings, TokenExchange):
            self._own = ClientToken(upstream, partial(endpoint.token, client_credentials_form(settings)), clock=clock)
        elif settings.act_as_gateway:
            self._own = ClientToken(upstream, partial(endpoint.token, actor_form()), clock=clock)
        if isinstance(settings, TokenExchange):
            actor = None if self._own is None else self._own.current
            form = exchange_form(settings)
            self._exchanged = ExchangedTokens(upstream, endpoint.token, form, actor, clock)
        if self._own is not None:
            self._own.start()

    async def own(self, rejected: str = "") -> GoodToken:
        """The gateway's own token (see `ClientToken.current`). Raises TokenRefused, TokenUnavailable."""
        if self._own is None or self._exchanged is not None:
            raise TokenUnavailable("callers' tokens are exchanged for this upstream")
        return await self._own.current(rejected)

    async def exchanged(self, subject: str, good_for: float) -> GoodToken:
        """The token in exchange for a caller's (see `ExchangedTokens`). Raises TokenRefused, TokenUnavailable."""
        if self._exchanged is None:
            raise TokenUnavailable("the gateway shows a token of its own to this upstream")
        return await self._exchanged.exchanged(subject, good_for)

    async def stop(self) -> None:
        """End all background work."""
        for part in (self._own, self._exchanged):
            if part is not None:
                await part.stop()

    def state(self) -> dict[str, Any]:
        """For the admin API; no secret. kind: the key of the settings."""
        state: dict[str, Any] = {"upstream": self._upstream}
        if self._exchanged is not None:
            return state | {"kind": "token_exchange"} | self._exchanged.state()
        return state | {"kind": "client_credentials"} | ({} if self._own is None else self._own.state())
