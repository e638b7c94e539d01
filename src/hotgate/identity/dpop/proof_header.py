"""The header of a proof: what it is, and the public key of whoever signed it (RFC 9449 §4.2)."""

from typing import NamedTuple

from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.tokens.jose_header import media_type, parsed_header
from hotgate.identity.verification_keys.public_key import PublicKey, UnusableKey, parse_public_key

INVALID = "proof-invalid"

_TYPE = "dpop+jwt"
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})  # RFC 7518 §6.2.2, §6.3.2, §6.4.1
_OTHER_KEYS = frozenset({"jku", "x5u", "x5c"})  # RFC 7515 §4.1: another reader could take one of these for the key


class ProofHeader(NamedTuple):
    """algorithm: one that is accepted, and that fits the key."""

    algorithm: str
    key: PublicKey


def parse_proof_header(segment: bytes, algorithms: frozenset[str]) -> ProofHeader:
    """The header in the first segment of a proof of bounded size. algorithms: accepted ones, all asymmetric.

    Raises CredentialRefused: proof-invalid, or token-malformed for what is wrong with any JOSE header.
    """
    header = parsed_header(segment)
    if media_type(header, "typ") != _TYPE:
        raise invalid("its typ is not dpop+jwt")
    if not _OTHER_KEYS.isdisjoint(header):
        raise invalid("it names another key beside jwk")
    algorithm = header["alg"]
    if algorithm not in algorithms:
        raise invalid("its alg is not among the configured algorithms")
    jwk = header.get("jwk")
    if isinstance(jwk, dict) and not _PRIVATE.isdisjoint(jwk):
        raise invalid("a private or symmetric key in jwk")
    try:
        key = parse_public_key(jwk)
    except UnusableKey as reason:
        raise invalid(f"jwk: {reason}") from None
    if not key.fits(algorithm):
        raise invalid("its alg does not fit its jwk")
    return ProofHeader(algorithm, key)


def invalid(log_detail: str) -> CredentialRefused:
    """The refusal of a proof that is not what it should be."""
    return CredentialRefused(INVALID, log_detail)
