"""Whose tokens are accepted: one issuer, several names of one, or one issuer per tenant of a provider.

A provider with many tenants signs for all of them with the same keys, so only `iss` tells them apart. There the
issuer is written with `{tenantid}`, as the provider's own metadata does, and a token must name one and the same
tenant twice: in `iss`, and in the claim that holds the tenant.
"""

import re
from collections.abc import Iterable

from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.tokens.claim_path import Claims, find

TENANT = "{tenantid}"
_ANY_TENANT = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # RFC 9562 §4


class AcceptedIssuers:
    """issuers: compared character by character (RFC 7519 §4.1.1); in one with `{tenantid}` stands a tenant.

    tenants: the ones that may stand there; None for any tenant at all. tenant_claim: what must name the same one.
    """

    __slots__ = ("_exact", "_patterns", "_tenant_claim")

    def __init__(self, issuers: Iterable[str], tenants: Iterable[str] | None = (), tenant_claim: str = "tid") -> None:
        self._exact: dict[str, str | None] = {}
        self._patterns: list[re.Pattern[str]] = []
        self._tenant_claim = tenant_claim
        for issuer in issuers:
            if TENANT not in issuer:
                self._exact[issuer] = None
            elif tenants is None:
                before, _, after = issuer.partition(TENANT)
                self._patterns.append(re.compile(f"{re.escape(before)}({_ANY_TENANT}){re.escape(after)}"))
            else:
                self._exact.update({issuer.replace(TENANT, tenant): tenant for tenant in tenants})

    def __contains__(self, issuer: str) -> bool:
        """Whether a token that claims this `iss` may be one of theirs; good for choosing a verifier."""
        return issuer in self._exact or any(pattern.fullmatch(issuer) for pattern in self._patterns)

    def check(self, claims: Claims) -> None:
        """Check `iss` and the tenant of a verified payload. Raises CredentialRefused."""
        issuer = claims.get("iss", "")
        if not isinstance(issuer, str):
            raise CredentialRefused("token-malformed", "iss is not a string")
        if issuer not in self:
            raise CredentialRefused("token-issuer-unknown", "another issuer, or none")
        tenant = self._tenant_of(issuer)
        if tenant is not None and find(claims, self._tenant_claim) != tenant:
            raise CredentialRefused("token-issuer-unknown", f"{self._tenant_claim} is not the tenant of its iss")

    def check_key(self, key_issuer: str | None, issuer: str) -> None:
        """Check that a key may sign for the tenant of an accepted `iss`. Raises CredentialRefused.

        key_issuer: what the key set says of the key. One key of a set for all tenants may be for one tenant alone, and
        taking its signature for another's let forged tokens in (Storm-0558, 2023).
        """
        tenant = self._tenant_of(issuer)
        if tenant is not None and key_issuer is not None and TENANT not in key_issuer and tenant not in key_issuer:
            raise CredentialRefused("token-signature-invalid", "signed by a key of another tenant")

    def _tenant_of(self, issuer: str) -> str | None:
        if issuer in self._exact:
            return self._exact[issuer]
        found = next(match for pattern in self._patterns if (match := pattern.fullmatch(issuer)))
        return found[1]
