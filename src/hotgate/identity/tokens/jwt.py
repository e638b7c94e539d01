"""Verification of signed tokens (RFC 7519 §7.2, with the advice of RFC 8725). Read `JwtVerifier.verify` first."""

from typing import Any, NamedTuple

from hotgate.identity.encryption.encrypted_token import EncryptedToken, is_encrypted
from hotgate.identity.encryption.token_decryption import TokenDecryption
from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused, KeySetUnavailable
from hotgate.identity.tokens import token_checks
from hotgate.identity.tokens.claim_mapping import text
from hotgate.identity.tokens.compact_token import CompactToken
from hotgate.identity.tokens.jose_header import malformed
from hotgate.identity.tokens.token_rules import TokenRules
from hotgate.identity.verification_keys.key_set import KeySet
from hotgate.identity.verification_keys.public_key import PublicKey
from hotgate.identity.verification_keys.shared_secret import SecretKeySet, SharedSecret

VerificationKeys = KeySet | SecretKeySet
VerificationKey = PublicKey | SharedSecret


class VerifiedToken(NamedTuple):
    """principal: who the token speaks for. expires: epoch seconds, leeway included. key: the one that signed it."""

    principal: Principal
    expires: float
    key: VerificationKey


class JwtVerifier:
    """Verifies the tokens of one issuer. provider: the entry's name under `identity:`. decryption: or signed only."""

    def __init__(
        self, provider: str, rules: TokenRules, key_set: VerificationKeys, decryption: TokenDecryption | None = None
    ) -> None:
        self._provider = provider
        self._rules = rules
        self._key_set = key_set
        self._decryption = decryption

    def verify(self, token: bytes, now: float) -> VerifiedToken:
        """Whom `token` speaks for at `now` (epoch seconds).

        Raises CredentialRefused, and KeySetUnavailable when there have never been any keys. The claims are not even
        parsed before the signature is known to be good.
        """
        check_size(token, self._rules.max_bytes)
        compact = CompactToken(token if self._decryption is None else self._decryption.opened(token))
        if self._rules.is_rfc9068 and compact.type != "at+jwt":  # RFC 9068 §4: an ID token is no access token
            raise malformed("its typ is not at+jwt")
        key = self._key_of(compact)
        if not key.verifies(compact.algorithm, compact.signing_input, compact.signature):
            raise CredentialRefused("token-signature-invalid", f"not signed by key {key.kid!r}")
        payload = compact.unverified_claims()
        expires = token_checks.check(payload, self._rules, now)
        self._rules.issuers.check_key(key.issuer, payload["iss"])
        principal = self._rules.mapping.principal(self._provider, payload, text(payload, ("jti",)), expires)
        return VerifiedToken(principal, expires, key)

    def _key_of(self, token: CompactToken) -> VerificationKey:
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


def check_size(token: bytes, max_bytes: int) -> None:
    """Refuse a token that is too long to be looked at. Raises CredentialRefused (token-malformed)."""
    if len(token) > max_bytes:
        raise malformed(f"more than {max_bytes} bytes")


def unverified_claims(token: bytes, max_bytes: int) -> dict[str, Any]:
    """What a token claims: good for choosing a verifier, for nothing else. Raises CredentialRefused.

    Of an encrypted token it is the header, where issuers repeat `iss` and `aud` for this purpose (RFC 7519 §5.3).
    """
    check_size(token, max_bytes)
    return EncryptedToken(token).header if is_encrypted(token) else CompactToken(token).unverified_claims()
