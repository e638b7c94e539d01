"""What one issuer's tokens must be like."""

from dataclasses import dataclass

MAX_TOKEN_BYTES = 8 * 1024  # as much as common servers take in one header field


@dataclass(frozen=True, slots=True)
class TokenRules:
    """issuer: exactly this `iss`. audiences: one of them must be in `aud`. algorithms: the only ones accepted.

    leeway: seconds by which clocks may differ. The claim names may be dotted paths. scopes_claim None: `scope`, or
    else `scp`. clients: one of them must be `client_id`, or else `azp`. max_age: seconds since `iat`. max_lifetime:
    seconds from `iat` to `exp`. is_rfc9068: whether only access tokens of that profile pass. is_single_use: whether a
    `jti` is needed. max_bytes: the longest token that is looked at.
    """

    issuer: str
    audiences: frozenset[str]
    algorithms: frozenset[str]
    leeway: float = 30.0
    subject_claim: str = "sub"
    scopes_claim: str | None = None
    roles_claim: str = "roles"
    required_claims: tuple[str, ...] = ()
    clients: frozenset[str] | None = None
    max_age: float | None = None
    max_lifetime: float | None = None
    is_rfc9068: bool = False
    is_single_use: bool = False
    max_bytes: int = MAX_TOKEN_BYTES
