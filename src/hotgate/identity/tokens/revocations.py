"""Tokens that are no longer accepted although they have not expired: asked of the store, by what they say."""

from typing import Protocol

from hotgate.identity.principal import Principal
from hotgate.identity.tokens.claim_mapping import text
from hotgate.identity.tokens.token_checks import numeric_date


class Revocations(Protocol):
    """What `store.credentials.Credentials` knows of tokens. version grows whenever an answer may have changed.

    `is_revoked` raises StoreUnavailable when nobody can tell.
    """

    @property
    def version(self) -> int: ...

    def is_revoked(
        self,
        provider: str,
        jti: str | None,
        sub: str | None,
        sid: str | None,
        client: str | None,
        issued_at: float | None,
    ) -> bool: ...


class NoRevocations:
    """Without a store nothing is ever revoked."""

    version = 0

    def is_revoked(self, *_: object) -> bool:
        """No."""
        return False


def is_revoked(revocations: Revocations, principal: Principal) -> bool:
    """Whether the token that proved `principal` was revoked: itself, its subject, session, client, or its issuer's all.

    Raises StoreUnavailable.
    """
    claims = principal.claims
    return revocations.is_revoked(
        principal.provider,
        principal.credential,
        principal.subject,
        text(claims, ("sid",)),
        principal.client,
        numeric_date(claims, "iat"),
    )
