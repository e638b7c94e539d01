"""Who has signed: the one key of a set that may have, by a signature that fits it (RFC 7515 §5.2)."""

from collections.abc import Collection

from hotgate.identity.refusal import CredentialRefused, KeySetUnavailable
from hotgate.identity.tokens.compact_token import CompactToken
from hotgate.identity.verification_keys.key_set import KeySet
from hotgate.identity.verification_keys.public_key import PublicKey
from hotgate.identity.verification_keys.shared_secret import SecretKeySet, SharedSecret

VerificationKeys = KeySet | SecretKeySet
VerificationKey = PublicKey | SharedSecret


def signing_key(token: CompactToken, keys: VerificationKeys, algorithms: Collection[str]) -> VerificationKey:
    """The key that has signed `token`. algorithms: the only ones accepted.

    Raises CredentialRefused, and KeySetUnavailable when there have never been any keys.
    """
    key = _only_key(token, keys, algorithms)
    if not key.verifies(token.algorithm, token.signing_input, token.signature):
        raise CredentialRefused("token-signature-invalid", f"not signed by key {key.kid!r}")
    return key


def _only_key(token: CompactToken, keys: VerificationKeys, algorithms: Collection[str]) -> VerificationKey:
    """The only key that may have signed it; the token's own word on keys counts for no more than a name."""
    if token.algorithm not in algorithms:
        raise CredentialRefused("token-signature-invalid", "its alg is not among the configured algorithms")
    if not keys.is_loaded:
        raise KeySetUnavailable(f"no keys of {keys.name} yet")
    key = keys.find(token.kid, token.algorithm)
    if key is not None:
        return key
    if token.kid is not None and keys.has_kid(token.kid):
        raise CredentialRefused("token-signature-invalid", "its alg does not fit the key that kid names")
    raise CredentialRefused("key-unknown", "no key of that kid, or no kid and not exactly one key for its alg")
