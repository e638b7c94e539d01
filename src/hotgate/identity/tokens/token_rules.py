"""What one issuer's tokens must be like."""

from dataclasses import dataclass, field
from typing import Any

from hotgate.identity.tokens.accepted_issuers import AcceptedIssuers
from hotgate.identity.tokens.claim_mapping import ClaimMapping

MAX_TOKEN_BYTES = 8 * 1024  # as much as common servers take in one header field


@dataclass(frozen=True, slots=True)
class TokenRules:
    """issuers: whose tokens. audiences: one of them must be in `audience_claim`; None: whoever they are meant for.
    algorithms: the only ones accepted.

    leeway: seconds by which clocks may differ. required_claims: paths. allowed_values: path, and values of which the
    claim has one. mapping: what the claims say about the caller. clients: one of them must be the mapped client.
    max_age: seconds since `iat`. max_lifetime: seconds from `iat` to `exp`. is_rfc9068: whether only access tokens of
    that profile pass. is_single_use: whether a `jti` is needed. may_lack_exp: whether a token without `exp` passes.
    max_bytes: the longest token that is looked at.
    """

    issuers: AcceptedIssuers
    audiences: frozenset[str] | None
    algorithms: frozenset[str]
    leeway: float = 30.0
    audience_claim: str = "aud"
    required_claims: tuple[str, ...] = ()
    allowed_values: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    mapping: ClaimMapping = field(default_factory=ClaimMapping)
    clients: frozenset[str] | None = None
    max_age: float | None = None
    max_lifetime: float | None = None
    is_rfc9068: bool = False
    is_single_use: bool = False
    may_lack_exp: bool = False
    max_bytes: int = MAX_TOKEN_BYTES
