"""Verification of signed tokens (RFC 7519 §7.2, with the advice of RFC 8725). Read `JwtVerifier.verify` first."""

from typing import NamedTuple

from hotgate.identity import claims
from hotgate.identity.compact_token import CompactToken
from hotgate.identity.key_set import KeySet
from hotgate.identity.principal import Principal
from hotgate.identity.public_key import PublicKey
from hotgate.identity.refusal import CredentialRefused, KeySetUnavailable
from hotgate.identity.token_rules import TokenRules


class VerifiedToken(NamedTuple):
    """principal: who the token speaks for. expires: epoch seconds, leeway included. key: the one that signed it."""

    principal: Principal
    expires: float
    key: PublicKey


class JwtVerifier:
    """Verifies the tokens of one issuer. provider: the entry's name under `identity:`."""

    def __init__(self, provider: str, rules: TokenRules, key_set: KeySet) -> None:
        self._provider = provider
        self._rules = rules
        self._key_set = key_set

    def verify(self, token: bytes, now: float) -> VerifiedToken:
        """Whom `token` speaks for at `now` (epoch seconds).

        Raises CredentialRefused, and KeySetUnavailable when there have never been any keys. The claims are not even
        parsed before the signature is known to be good.
        """
        compact = bounded_token(token, self._rules.max_bytes)
        key = self._key_of(compact)
        if not key.verifies(compact.algorithm, compact.signing_input, compact.signature):
            raise CredentialRefused("token-signature-invalid", f"not signed by key {key.kid!r}")
        payload = compact.unverified_claims()
        expires = claims.check(payload, self._rules, now)
        return VerifiedToken(self._rules.mapping.principal(self._provider, payload), expires, key)

    def _key_of(self, token: CompactToken) -> PublicKey:
        """The only key that may have signed the token; the token's own word on keys counts for no more than a name."""
        if token.algorithm not in self._rules.algorithms:
            raise CredentialRefused("token-signature-invalid", "its alg is not among the configured algorithms")
        if not self._key_set.is_loaded:
            raise KeySetUnavailable(f"no keys of {self._key_set.name} yet")
        key = self._key_set.find(token.kid, token.algorithm)
        if key is not None:
            return key
        if token.kid is not None and self._key_set.has_kid(token.kid):
            raise CredentialRefused("token-signature-invalid", "its alg does not fit the key that kid names")
        raise CredentialRefused("key-unknown", "no key of that kid, or no kid and not exactly one key for its alg")


def bounded_token(token: bytes, max_bytes: int) -> CompactToken:
    """The token taken apart, unless it is too long to be looked at. Raises CredentialRefused (token-malformed)."""
    if len(token) > max_bytes:
        raise CredentialRefused("token-malformed", f"more than {max_bytes} bytes")
    return CompactToken(token)


def unverified_issuer(token: bytes, max_bytes: int) -> str:
    """The `iss` that a token claims: good for choosing a verifier, for nothing else. Raises CredentialRefused."""
    issuer = bounded_token(token, max_bytes).unverified_claims().get("iss")
    if not isinstance(issuer, str):
        raise CredentialRefused("token-malformed", "iss is missing or not a string")
    return issuer
