"""One proof: a JWT that the holder of a key signed for one request with one token (RFC 9449 §4.3).

Whether it was used before, and whether its nonce is one of ours, is not known here.
"""

import hmac
from collections.abc import Iterable
from functools import partial
from hashlib import blake2b, sha256
from typing import NamedTuple

from hotgate.http.bounded_cache import BoundedCache
from hotgate.http.request import Request
from hotgate.identity import base64url
from hotgate.identity.dpop.proof_header import invalid, parse_proof_header
from hotgate.identity.dpop.target_uri import TargetUri
from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.tokens.claim_mapping import text
from hotgate.identity.tokens.claim_path import Claims
from hotgate.identity.tokens.jose_header import decoded, parsed_object
from hotgate.identity.tokens.token_checks import numeric_date

MAX_PROOF_BYTES = 8 * 1024  # as much as of a token; a proof with an RSA key of 4,096 bits has 2 KiB
MAX_JTI_LENGTH = 256  # characters
MAX_AGE = 60.0  # seconds; no entry accepts older ones, so that a proof is forgotten by all at one time
MAX_AHEAD = 10.0  # seconds by which a client's clock may be ahead
MARGIN = 5.0  # seconds that a used proof is remembered beyond its end: whoever asks may have waited for an answer
IDENTITY_BYTES = 16

_MAX_KEYS = 4096  # of clients; each takes about 6 KiB
_MAX_HEADER_BYTES = 2048  # of one that is remembered: enough for RSA keys of 8,192 bits


class Binding(NamedTuple):
    """What a token demands. thumbprint: of the key (`cnf.jkt`, RFC 7638). token_hash: what `ath` must be."""

    thumbprint: str
    token_hash: str


class Proof(NamedTuple):
    """identity: a digest that only the same key, address and `jti` give. issued: epoch seconds. nonce: or None."""

    identity: bytes
    issued: float
    nonce: str | None

    @property
    def ends(self) -> float:
        """When it need not be remembered any more, whichever entry looks at it: epoch seconds."""
        return self.issued + MAX_AGE + MARGIN


def token_hash(token: bytes) -> str:
    """`ath` of a token (RFC 9449 §4.2)."""
    return base64url.encode(sha256(token).digest()).decode("ascii")


class ProofVerifier:
    """algorithms: the only ones accepted. max_age: seconds, up to MAX_AGE. target: whether a proof names a request."""

    def __init__(self, algorithms: Iterable[str], max_age: float, target: TargetUri) -> None:
        self._max_age = max_age
        self._target = target
        # A client's header is the same in all of its proofs, and to read the key in it takes longer than all the rest.
        parse = partial(parse_proof_header, algorithms=frozenset(algorithms))
        self._headers = BoundedCache(parse, max_entries=_MAX_KEYS, max_key_bytes=_MAX_HEADER_BYTES)

    def verify(self, proof: bytes, binding: Binding, request: Request, now: float) -> Proof:
        """Check all that the proof itself says, at `now` (epoch seconds).

        Raises CredentialRefused: token-binding-mismatch for another key, proof-outdated, or proof-invalid.
        """
        try:
            claims = self._verified_claims(proof, binding.thumbprint)
            self._check_request(claims, request, binding.token_hash)
            issued = self._check_time(claims, now)
            return Proof(_identity(claims, binding.thumbprint), issued, text(claims, ("nonce",)))
        except CredentialRefused as refusal:
            if refusal.code != "token-malformed":
                raise
            raise invalid(refusal.log_detail) from None

    def _verified_claims(self, proof: bytes, thumbprint: str) -> Claims:
        """Nothing of the payload is looked at before the signature is known to be good, and by the right key."""
        if len(proof) > MAX_PROOF_BYTES:
            raise invalid(f"more than {MAX_PROOF_BYTES} bytes")
        segments = proof.split(b".", 3)
        if len(segments) != 3:
            raise invalid("not three segments")
        algorithm, key = self._headers[segments[0]]
        if not hmac.compare_digest(key.thumbprint, thumbprint):
            raise CredentialRefused("token-binding-mismatch", "the token belongs to another key than the proof's")
        if not key.verifies(algorithm, proof[: proof.rindex(b".")], decoded(segments[2])):
            raise invalid("not signed by its jwk")
        return parsed_object(decoded(segments[1]), "payload")

    def _check_request(self, claims: Claims, request: Request, wanted_hash: str) -> None:
        if claims.get("htm") != request.method:
            raise invalid("htm is another method, or none")
        address = claims.get("htu")
        if not isinstance(address, str) or not self._target.is_named_by(address, request):
            raise invalid(f"htu is another address than {self._target.wanted(request):.300}, or none")
        found_hash = claims.get("ath")
        if not isinstance(found_hash, str) or not hmac.compare_digest(found_hash.encode(), wanted_hash.encode()):
            raise invalid("ath is of another token, or of none")

    def _check_time(self, claims: Claims, now: float) -> float:
        issued = numeric_date(claims, "iat")
        if issued is None:
            raise invalid("no iat")
        if not now - self._max_age <= issued <= now + MAX_AHEAD:
            when = f"{now - issued:.0f} s ago" if issued < now else f"{issued - now:.0f} s from now"
            raise CredentialRefused("proof-outdated", f"signed {when}")
        return issued


def _identity(claims: Claims, thumbprint: str) -> bytes:
    """What is the same in a proof that is sent again (RFC 9449 §11.1). Raises CredentialRefused."""
    jti = text(claims, ("jti",))
    if jti is None or len(jti) > MAX_JTI_LENGTH:
        raise invalid(f"no jti of 1 to {MAX_JTI_LENGTH} characters")
    return blake2b(f"{thumbprint} {claims['htu']} {jti}".encode(), digest_size=IDENTITY_BYTES).digest()
