"""What one issuer's tokens must be like."""

from dataclasses import dataclass

MAX_TOKEN_BYTES = 8 * 1024  # as much as common servers take in one header field


@dataclass(frozen=True, slots=True)
class TokenRules:
    """issuer: exactly this `iss`. audiences: one of them must be in `aud`. algorithms: the only ones accepted.

    leeway: seconds by which clocks may differ. The claim names may be dotted paths. scopes_claim None: `scope`, or
    else `scp`. max_bytes: the longest token that is looked at.
    """

    issuer: str
    audiences: frozenset[str]
    algorithms: frozenset[str]
    leeway: float = 30.0
    subject_claim: str = "sub"
    scopes_claim: str | None = None
    roles_claim: str = "roles"
    required_claims: tuple[str, ...] = ()
    max_bytes: int = MAX_TOKEN_BYTES
