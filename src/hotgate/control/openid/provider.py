"""One provider as the gateway deals with it: where it answers, its keys, its ID tokens, and how it is called."""

from collections.abc import Callable
from dataclasses import dataclass

from hotgate.control.openid.id_token import Claims, IdTokens
from hotgate.control.openid.kept_claims import KeptClaims
from hotgate.control.openid.provider_calls import ProviderCalls
from hotgate.control.openid.provider_keys import ProviderKeys
from hotgate.control.openid.provider_metadata import ProviderMetadata
from hotgate.control.openid.userinfo import UserInfo
from hotgate.identity.verification_keys.key_set import KeySet
from hotgate.policies.oidc.oidc_settings import OidcSettings


@dataclass(frozen=True, slots=True)
class Provider:
    """name: of the entry."""

    name: str
    settings: OidcSettings
    metadata: ProviderMetadata
    keys: ProviderKeys
    calls: ProviderCalls
    id_tokens: IdTokens
    kept: KeptClaims
    userinfo: UserInfo

    @classmethod
    def of(
        cls, name: str, settings: OidcSettings, metadata: ProviderMetadata, keys: ProviderKeys, calls: ProviderCalls
    ) -> "Provider":
        """The same, with what follows from its settings."""
        userinfo = UserInfo(settings, calls, keys)
        return cls(name, settings, metadata, keys, calls, IdTokens(settings), KeptClaims(name, settings), userinfo)

    async def verified(self, id_token: str, access_token: str, now: float, check: Callable[[Claims], None]) -> Claims:
        """The claims of an ID token that has come with `access_token`, and that pass `check`.

        Raises LoginFailed, ProviderUnavailable.
        """

        def verify(keys: KeySet) -> Claims:
            claims = self.id_tokens.verify(id_token, access_token, keys, now)
            check(claims)
            return claims

        return await self.keys.verified(verify)

    async def close(self) -> None:
        """End all background work and connections."""
        await self.metadata.stop()
        await self.calls.close()
