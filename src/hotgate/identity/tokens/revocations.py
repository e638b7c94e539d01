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


def has_ended(revocations: Revocations, principal: Principal) -> bool:
    """Whether anything that a caller has proved, some time ago, was revoked since. Raises StoreUnavailable."""
    for proof in principal.proofs.values() or (principal,):
        claims = proof.claims
        # A session is ended by the provider's own name for its user, whatever backends are told.
        subject = text(claims, ("sub",)) if proof.mechanism == "oidc" else proof.subject
        session, issued = text(claims, ("sid",)), numeric_date(claims, "iat")
        if revocations.is_revoked(proof.provider, proof.credential, subject, session, proof.client, issued):
            return True
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
