"""What one issuer's tokens must be like."""

from dataclasses import dataclass, field
from typing import Any

from hotgate.identity.accepted_issuers import AcceptedIssuers
from hotgate.identity.claim_mapping import ClaimMapping

MAX_TOKEN_BYTES = 8 * 1024  # as much as common servers take in one header field


@dataclass(frozen=True, slots=True)
class TokenRules:
    """issuers: whose tokens. audiences: one of them must be in `audience_claim`. algorithms: the only ones accepted.

    leeway: seconds by which clocks may differ. required_claims: paths. allowed_values: path, and values of which the
    claim has one. mapping: what the claims say about the caller. max_bytes: the longest token that is looked at.
    """

    issuers: AcceptedIssuers
    audiences: frozenset[str]
    algorithms: frozenset[str]
    leeway: float = 30.0
    audience_claim: str = "aud"
    required_claims: tuple[str, ...] = ()
    allowed_values: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    mapping: ClaimMapping = field(default_factory=ClaimMapping)
    max_bytes: int = MAX_TOKEN_BYTES
