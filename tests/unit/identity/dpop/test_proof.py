"""One proof, and every way in which it can be wrong (RFC 9449 §4.3)."""

import json
from typing import Any

import pytest

from dpop_client import DpopClient
from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.identity import base64url
from hotgate.identity.dpop import proof as module
from hotgate.identity.dpop.proof import Binding, Proof, ProofVerifier, token_hash
from hotgate.identity.dpop.target_uri import TargetUri
from hotgate.identity.refusal import CredentialRefused

NOW = 1_800_000_000.0
TOKEN = b"the.access.token"
ALGORITHMS = ("ES256", "ES384", "EdDSA", "Ed25519", "PS256", "RS256")
CLIENT, THIEF = DpopClient(), DpopClient()
REQUEST = Request("GET", "/orders", Headers([]), "api.example.com", b"api.example.com", scheme="https")


def verifier(algorithms: tuple[str, ...] = ALGORITHMS, max_age: float = 60.0) -> ProofVerifier:
    return ProofVerifier(algorithms, max_age, TargetUri())


def verified(proof: bytes, now: float = NOW, client: DpopClient = CLIENT, request: Request = REQUEST) -> Proof:
    return verifier().verify(proof, Binding(client.thumbprint, token_hash(TOKEN)), request, now)


def refusal(proof: bytes, now: float = NOW, client: DpopClient = CLIENT, request: Request = REQUEST) -> str:
    """The code, after a look at the detail: it never shows what was sent."""
    with pytest.raises(CredentialRefused) as caught:
        verified(proof, now, client, request)
    assert proof.decode("latin-1") not in caught.value.log_detail
    return caught.value.code


def made(header: dict[str, Any] | None = None, **changes: Any) -> bytes:
    return CLIENT.proof(TOKEN, NOW, header, **changes)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_good_proof_of_each_algorithm(algorithm: str) -> None:
    client = DpopClient(algorithm)
    proof = verified(client.proof(TOKEN, NOW, nonce="n1"), client=client)
    assert (proof.issued, proof.nonce, len(proof.identity)) == (NOW, "n1", module.IDENTITY_BYTES)


def test_a_header_that_was_seen_before_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    known = verifier()
    binding = Binding(CLIENT.thumbprint, token_hash(TOKEN))
    known.verify(made(), binding, REQUEST, NOW)
    assert len(known._headers) == 1
    known.verify(made(), binding, REQUEST, NOW)
    assert len(known._headers) == 1


@pytest.mark.parametrize(
    "header",
    [
        {"typ": None},
        {"typ": "JWT"},
        {"typ": "at+jwt"},
        {"typ": "dpop"},
        {"typ": 5},
        {"alg": "none"},
        {"alg": "None"},
        {"alg": "HS256"},
        {"alg": "ES256K"},
        {"alg": "ES384"},
        {"alg": "ES512"},
        {"alg": "RS256"},
        {"alg": "EdDSA"},
        {"alg": None},
        {"alg": ["ES256"]},
        {"jwk": None},
        {"jwk": "key"},
        {"jwk": [CLIENT.jwk]},
        {"jwk": CLIENT.private_jwk},
        {"jwk": {"kty": "oct", "k": "AAAA"}},
        {"jwk": {**CLIENT.jwk, "k": "AAAA"}},
        {"jwk": {**CLIENT.jwk, "dp": "AAAA"}},
        {"jwk": {**CLIENT.jwk, "crv": "P-384"}},
        {"jwk": {**CLIENT.jwk, "x": CLIENT.jwk["x"] + "="}},
        {"jwk": {**CLIENT.jwk, "x": THIEF.jwk["x"]}},
        {"jwk": {**CLIENT.jwk, "use": "enc"}},
        {"jwk": {**CLIENT.jwk, "alg": "ES384"}},
        {"jwk": {"kty": "RSA", "n": base64url.encode(b"\x81" * 128).decode(), "e": "AQAB"}},
        {"crit": ["exp"]},
        {"crit": []},
        {"b64": False},
        {"x5c": ["MIIB"]},
        {"jku": "https://evil.example/jwks"},
        {"x5u": "https://evil.example/cert"},
        {"kid": 5},
    ],
)
def test_a_header_that_is_wrong(header: dict[str, Any]) -> None:
    assert refusal(made(header)) == "proof-invalid"


def test_a_secret_that_is_the_public_key_signs_nothing() -> None:
    """Key confusion (RFC 8725 §2.1): whoever takes `jwk` for the secret of HS256 would believe it."""
    for key in (CLIENT.jwk, {"kty": "oct", "k": base64url.encode(json.dumps(CLIENT.jwk).encode()).decode()}):
        assert refusal(made({"alg": "HS256", "jwk": key})) == "proof-invalid"


def test_an_algorithm_that_is_not_configured() -> None:
    with pytest.raises(CredentialRefused, match="proof-invalid"):
        verifier(("EdDSA",)).verify(made(), Binding(CLIENT.thumbprint, token_hash(TOKEN)), REQUEST, NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"htm": "POST"},
        {"htm": "get"},
        {"htm": None},
        {"htm": ["GET"]},
        {"htu": None},
        {"htu": 5},
        {"htu": "https://evil.example/orders"},
        {"ath": None},
        {"ath": token_hash(b"another token")},
        {"ath": token_hash(TOKEN) + "="},
        {"ath": token_hash(TOKEN).lower()},
        {"ath": "é"},
        {"ath": 5},
        {"iat": None},
        {"iat": str(int(NOW))},
        {"iat": True},
        {"iat": -1},
        {"jti": None},
        {"jti": ""},
        {"jti": 5},
        {"jti": "x" * (module.MAX_JTI_LENGTH + 1)},
        {"jti": "x" * 513},
        {"nonce": 5},
        {"nonce": ["n1"]},
    ],
)
def test_a_claim_that_is_wrong(changes: dict[str, Any]) -> None:
    assert refusal(made(**changes)) == "proof-invalid"


@pytest.mark.parametrize(
    ("age", "is_good"), [(0, True), (60, True), (61, False), (-10, True), (-11, False), (1e9, False), (-1e9, False)]
)
def test_the_window_of_iat(age: float, is_good: bool) -> None:
    proof = made(iat=NOW - age)
    if is_good:
        assert verified(proof).issued == NOW - age
    else:
        assert refusal(proof) == "proof-outdated"


def test_operators_are_told_what_to_compare() -> None:
    """A log that says only that something differs helps nobody who stands behind a proxy, or whose clock is wrong."""
    for claims, says in (
        ({"htu": "https://evil.example/orders"}, "than https://api.example.com with /orders"),
        ({"iat": NOW - 70}, "signed 70 s ago"),
        ({"iat": NOW + 20}, "signed 20 s from now"),
    ):
        with pytest.raises(CredentialRefused, match=says):
            verified(made(**claims))


def test_an_entry_may_want_younger_proofs() -> None:
    binding = Binding(CLIENT.thumbprint, token_hash(TOKEN))
    strict = verifier(max_age=5.0)
    strict.verify(made(iat=NOW - 5), binding, REQUEST, NOW)
    with pytest.raises(CredentialRefused, match="proof-outdated"):
        strict.verify(made(iat=NOW - 6), binding, REQUEST, NOW)


def test_a_proof_by_another_key_is_no_proof() -> None:
    assert refusal(THIEF.proof(TOKEN, NOW)) == "token-binding-mismatch"


def test_a_proof_that_shows_the_right_key_and_is_signed_by_another() -> None:
    assert refusal(made(signed_by=THIEF)) == "proof-invalid"


def test_a_proof_with_another_signature_or_payload() -> None:
    header, payload, signature = made().split(b".")
    _, other_payload, other_signature = made().split(b".")
    for parts in (
        (header, payload, other_signature),
        (header, other_payload, signature),
        (header, payload, b""),
        (header, payload, base64url.encode(b"\0" * 64)),
        (header, payload, base64url.encode(base64url.decode(signature)[:-1])),
        (header, payload, signature + b"="),
    ):
        assert refusal(b".".join(parts)) == "proof-invalid"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b".",
        b"..",
        b"a.b",
        b"a.b.c",
        b"a.b.c.d",
        b"\xff.\xff.\xff",
        b"x" * (module.MAX_PROOF_BYTES + 1),
        b"e30.e30.",
        base64url.encode(b'{"typ":"dpop+jwt","typ":"dpop+jwt","alg":"ES256"}') + b".e30.AAAA",
        base64url.encode(b"[" * 2000) + b".e30.AAAA",
    ],
)
def test_what_is_no_proof_at_all(text: bytes) -> None:
    with pytest.raises(CredentialRefused, match="proof-invalid"):
        verified(text)


def test_two_proofs_in_one_field_are_none() -> None:
    assert refusal(made() + b", " + made()) == "proof-invalid"


def test_a_payload_that_two_parsers_would_read_differently() -> None:
    header = json.dumps({"typ": "dpop+jwt", "alg": "ES256", "jwk": CLIENT.jwk}).encode()
    claims = json.dumps(CLIENT.claims(TOKEN, NOW))[:-1].encode()
    assert refusal(CLIENT.signed(header, claims + b',"htm":"GET"}')) == "proof-invalid"
    assert refusal(CLIENT.signed(header, b"[]")) == "proof-invalid"


def test_a_huge_proof_is_refused_before_it_is_read() -> None:
    assert refusal(made(padding="x" * module.MAX_PROOF_BYTES)) == "proof-invalid"


def test_what_makes_two_proofs_one() -> None:
    """The same key, address and jti (RFC 9449 §11.1), whatever else they say."""
    first = verified(made(jti="j1"))
    assert verified(made(jti="j1", iat=NOW - 9, nonce="n", more=1)).identity == first.identity
    assert verified(made(jti="j2")).identity != first.identity
    assert verified(THIEF.proof(TOKEN, NOW, jti="j1"), client=THIEF).identity != first.identity


def test_a_proof_is_remembered_for_longer_than_it_is_good() -> None:
    proof = verified(made(), NOW)
    assert proof.ends > NOW + module.MAX_AGE
