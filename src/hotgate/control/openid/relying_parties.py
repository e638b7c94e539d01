"""All providers of a configuration, by the name of their entry; unchanged ones outlive a reload."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import httpx

from hotgate.control.judged_address import Resolve, resolved
from hotgate.control.oauth.client_authentication import ClientAuthentication
from hotgate.control.oauth.endpoint_call import EndpointCaller
from hotgate.control.openid.clocks import SYSTEM_CLOCKS, Clocks
from hotgate.control.openid.logout_token import Claim
from hotgate.control.openid.provider import Provider
from hotgate.control.openid.provider_calls import ProviderCalls
from hotgate.control.openid.provider_keys import ProviderKeys
from hotgate.control.openid.provider_metadata import ProviderMetadata
from hotgate.control.openid.relying_party import RelyingParty
from hotgate.control.openid.renewal_claims import RenewalClaims, SharedStore
from hotgate.identity.verification_keys.key_sets import key_set_name
from hotgate.policies.oidc.oidc_settings import OidcSettings
from hotgate.upstream.breaker import Breaker


class RelyingParties:
    """documents, refresh: see `ProviderKeys`. store: the one that nodes share, if there is one. claim: see
    `LogoutTokens`. resolve, transport, clocks: for tests."""

    def __init__(
        self,
        documents: Callable[[], Mapping[str, Any]],
        refresh: Callable[[str], Awaitable[Any]],
        store: Callable[[], SharedStore | None],
        claim: Claim,
        *,
        resolve: Resolve = resolved,
        transport: httpx.AsyncBaseTransport | None = None,
        clocks: Clocks = SYSTEM_CLOCKS,
    ) -> None:
        self._documents = documents
        self._refresh = refresh
        self._store = store
        self._claim = claim
        self._resolve = resolve
        self._transport = transport
        self._clocks = clocks
        self._by_name: dict[str, RelyingParty] = {}

    def __getitem__(self, name: str) -> RelyingParty:
        """That of an entry. Raises KeyError."""
        return self._by_name[name]

    def state(self) -> list[dict[str, Any]]:
        """One object per entry, as `RelyingParty.state`."""
        return [party.state() for party in self._by_name.values()]

    async def add(self, wanted: Mapping[str, OidcSettings]) -> None:
        """Have these as well, as they are set now. Needs a running loop."""
        for name, settings in wanted.items():
            party = self._by_name.get(name)
            if party is not None and party.provider.settings == settings:
                continue
            self._by_name[name] = self._made(name, settings)
            if party is not None:
                await party.close()

    async def follow(self, wanted: Mapping[str, OidcSettings]) -> None:
        """Have these, and no others."""
        await self.add(wanted)
        for name in [name for name in self._by_name if name not in wanted]:
            await self._by_name.pop(name).close()

    async def close(self) -> None:
        """End all work and connections."""
        await self.follow({})

    def _made(self, name: str, settings: OidcSettings) -> RelyingParty:
        clocks = self._clocks
        client = ClientAuthentication(settings.client, clocks.now)
        caller = EndpointCaller(client, settings.issuer, resolve=self._resolve, transport=self._transport)
        read = partial(caller.metadata, settings.metadata_location)
        metadata = ProviderMetadata(name, settings, read, clocks.monotonic)
        metadata.prepare()
        keys = ProviderKeys(key_set_name(name, settings.jwks_location), self._documents, self._refresh)
        provider = Provider.of(
            name,
            settings,
            metadata,
            keys,
            ProviderCalls(caller, Breaker(f"the authorization server of {name}", clocks.monotonic)),
        )
        return RelyingParty(provider, RenewalClaims(name, self._store, clocks.now), self._claim, clocks)
