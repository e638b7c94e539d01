"""What the userinfo endpoint says of a user (OpenID Connect Core §5.3), as JSON or signed."""

from collections.abc import Mapping
from typing import Any

from hotgate.control.oauth.endpoint_call import Answer
from hotgate.control.openid.failures import LoginFailed, ProviderUnavailable
from hotgate.control.openid.id_token import MAX_ID_TOKEN_BYTES
from hotgate.control.openid.provider_calls import ProviderCalls
from hotgate.control.openid.provider_keys import ProviderKeys
from hotgate.control.openid.provider_metadata import Endpoints
from hotgate.identity import strict_json
from hotgate.identity.tokens.compact_token import CompactToken
from hotgate.identity.tokens.jwt import check_size
from hotgate.identity.tokens.signature import signing_key
from hotgate.identity.verification_keys.key_set import KeySet
from hotgate.policies.oidc.oidc_settings import OidcSettings

_TYPES: frozenset[str | None] = frozenset({None, "jwt"})

Claims = Mapping[str, Any]


class UserInfo:
    """Of one provider."""

    def __init__(self, settings: OidcSettings, calls: ProviderCalls, keys: ProviderKeys) -> None:
        self._settings = settings
        self._calls = calls
        self._keys = keys

    async def claims(self, endpoints: Endpoints, access_token: str, subject: str) -> Claims:
        """Those of the user with this `sub`. Raises ProviderUnavailable, ProviderRefused, and LoginFailed where they
        are of somebody else (§5.3.2: a token may have been put in the place of another)."""
        if endpoints.userinfo is None:
            raise ProviderUnavailable("its metadata names no userinfo_endpoint")
        claims = await self._read(await self._calls.get(endpoints.userinfo, access_token))
        if claims.get("sub") != subject:
            raise LoginFailed("the userinfo is of another user")
        return claims

    async def _read(self, answer: Answer) -> Claims:
        if answer.media_type == "application/jwt":
            return await self._keys.verified(lambda keys: self._verified(answer.body, keys))
        if answer.media_type != "application/json":
            raise ProviderUnavailable("the userinfo is neither JSON nor a JWT")
        try:
            return strict_json.parse_object(answer.body)
        except ValueError:
            raise ProviderUnavailable("the userinfo is not a JSON object") from None

    def _verified(self, token: bytes, keys: KeySet) -> Claims:
        check_size(token, MAX_ID_TOKEN_BYTES)
        compact = CompactToken(token, _TYPES)
        signing_key(compact, keys, self._settings.algorithms)
        claims = compact.unverified_claims()
        audience = claims.get("aud")
        if claims.get("iss") != self._settings.issuer:
            raise LoginFailed("the signed userinfo is of another issuer, or of none")
        if self._settings.client.id not in (audience if isinstance(audience, list) else [audience]):
            raise LoginFailed("the signed userinfo is for another client, or for none")
        return claims
