"""Verification of signed tokens (RFC 7519 §7.2, with the advice of RFC 8725). Read `JwtVerifier.verify` first."""

from typing import Any, NamedTuple

from hotgate.identity.encryption.encrypted_token import EncryptedToken, is_encrypted
from hotgate.identity.encryption.token_decryption import TokenDecryption
from hotgate.identity.principal import Principal
from hotgate.identity.tokens import token_checks
from hotgate.identity.tokens.claim_mapping import text
from hotgate.identity.tokens.compact_token import CompactToken
from hotgate.identity.tokens.jose_header import decoded, malformed, parsed_object
from hotgate.identity.tokens.signature import VerificationKey, VerificationKeys, signing_key
from hotgate.identity.tokens.token_rules import TokenRules


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
        key = signing_key(compact, self._key_set, self._rules.algorithms)
        payload = compact.unverified_claims()
        expires = token_checks.check(payload, self._rules, now)
        self._rules.issuers.check_key(key.issuer, payload["iss"])
        principal = self._rules.mapping.principal(self._provider, payload, text(payload, ("jti",)), expires)
        return VerifiedToken(principal, expires, key)


def check_size(token: bytes, max_bytes: int) -> None:
    """Refuse a token that is too long to be looked at. Raises CredentialRefused (token-malformed)."""
    if len(token) > max_bytes:
        raise malformed(f"more than {max_bytes} bytes")


def unverified_claims(token: bytes, max_bytes: int) -> dict[str, Any]:
    """What a token claims: good for choosing a verifier, for nothing else. Raises CredentialRefused.

    Of an encrypted token it is the header, where issuers repeat `iss` and `aud` for this purpose (RFC 7519 §5.3). Of a
    signed one the header does not matter: whatever is wrong with it, it is its issuer's token and nobody else's.
    """
    check_size(token, max_bytes)
    if is_encrypted(token):
        return EncryptedToken(token).header
    segments = token.split(b".", 3)
    if len(segments) != 3:
        raise malformed("not three segments")
    return parsed_object(decoded(segments[1]), "payload")
