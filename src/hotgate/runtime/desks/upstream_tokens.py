"""Tokens for upstreams, which an authorization server issues: asked for here, once for all workers.

A worker asks by the name of the source (`TokenRequest.source`): while configurations change, the settings of an
upstream may differ here and there, and no upstream must be shown what was issued for another.
"""

import time
from collections.abc import Callable, Hashable
from typing import Any

from hotgate.config.gateway import Gateway
from hotgate.config.token_credentials import TokenRequest
from hotgate.control.oauth.good_token import GoodToken, TokenUnavailable
from hotgate.control.oauth.issued_token import TokenRefused
from hotgate.control.oauth.token_endpoint import TokenEndpoint
from hotgate.control.oauth.token_source import TokenSource


class UpstreamTokens:
    """Follows the configuration: an upstream whose settings stay the same keeps its tokens. clock: monotonic seconds.

    connect: to the server of some settings, as their client.
    """

    def __init__(
        self,
        connect: Callable[[TokenRequest], TokenEndpoint] = TokenEndpoint,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._sources: dict[str, TokenSource] = {}
        self._endpoints: dict[Hashable, TokenEndpoint] = {}

    async def answer(self, body: Any) -> dict[str, Any]:
        """To `{"source", "rejected"}` or `{"source", "subject", "good_for"}`: a token, or why there is none."""
        source = self._sources.get(str(body["source"]))
        if source is None:
            return _unavailable("the control process has another configuration", 1.0)
        try:
            if "subject" in body:
                return self._good(await source.exchanged(str(body["subject"]), float(body["good_for"])))
            return self._good(await source.own(str(body["rejected"])))
        except TokenRefused as refusal:
            return {"refused": refusal.code}
        except TokenUnavailable as error:
            return _unavailable(str(error), error.retry_after)

    async def add(self, config: Gateway) -> None:
        """Have the tokens of a configuration too, before it is in force."""
        for name, (upstream, settings) in _wanted(config).items():
            known = self._sources.get(name)
            if known is None or known.settings != settings:  # they may differ in a secret, which the name does not tell
                endpoint = self._endpoint(settings)
                self._sources[name] = TokenSource(upstream, settings, endpoint, self._clock)
                if known is not None:
                    await known.stop()

    async def follow(self, config: Gateway) -> None:
        """Have the tokens of a configuration, and no others."""
        await self.add(config)
        wanted = _wanted(config)
        for name in [name for name in self._sources if name not in wanted]:
            await self._sources.pop(name).stop()
        await self._close_unused()

    async def stop(self) -> None:
        """End all background work."""
        sources, self._sources = self._sources, {}
        for source in sources.values():
            await source.stop()
        await self._close_unused()

    def state(self) -> list[dict[str, Any]]:
        """One object per upstream, for the admin API."""
        return [source.state() for source in self._sources.values()]

    def _endpoint(self, settings: TokenRequest) -> TokenEndpoint:
        """Shared by all upstreams whose tokens the same client gets from the same server: each costs a TLS context."""
        endpoint = self._endpoints.get(settings.caller)
        if endpoint is None:
            endpoint = self._endpoints[settings.caller] = self._connect(settings)
        return endpoint

    async def _close_unused(self) -> None:
        used = {source.settings.caller for source in self._sources.values()}
        for caller in [caller for caller in self._endpoints if caller not in used]:
            await self._endpoints.pop(caller).close()

    def _good(self, token: GoodToken) -> dict[str, Any]:
        now = self._clock()
        return {"token": token.value, "good_for": token.good_until - now, "renew_in": token.renew_at - now}


def _unavailable(reason: str, retry_after: float) -> dict[str, Any]:
    return {"unavailable": reason, "retry_after": retry_after}


def _wanted(config: Gateway) -> dict[str, tuple[str, TokenRequest]]:
    """Name of a source → its upstream and settings."""
    found: dict[str, tuple[str, TokenRequest]] = {}
    for name, upstream in config.upstreams.items():
        settings = None if upstream.credentials is None else upstream.credentials.source
        if settings is not None:
            found[settings.source(name)] = (name, settings)
    return found
