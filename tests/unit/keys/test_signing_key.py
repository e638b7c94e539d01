import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from hotgate.identity.verification_keys.public_key import parse_public_key
from hotgate.keys.signing_key import SIGNING_ALGORITHMS, SigningKey


def part(token: bytes, index: int) -> dict[str, object]:
    encoded = token.split(b".")[index]
    decoded: dict[str, object] = json.loads(base64.urlsafe_b64decode(encoded + b"=" * (-len(encoded) % 4)))
    return decoded


def pem_of(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, password: bytes = b"") -> str:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()


@pytest.mark.parametrize("algorithm", SIGNING_ALGORITHMS)
def test_whoever_has_the_public_part_can_verify_what_is_signed(algorithm: str) -> None:
    key = SigningKey.generate(algorithm)
    token = key.signed("a+jwt", {"sub": "é"})
    signing_input, _, signature = token.rpartition(b".")
    public = parse_public_key(key.public_jwk)
    raw = base64.urlsafe_b64decode(signature + b"==")
    assert public.verifies(algorithm, signing_input, raw)
    assert not public.verifies(algorithm, signing_input + b"x", raw)
    assert part(token, 0) == {"alg": algorithm, "kid": key.kid, "typ": "a+jwt"}
    assert part(token, 1) == {"sub": "é"}


@pytest.mark.parametrize("algorithm", SIGNING_ALGORITHMS)
def test_a_key_survives_being_written_down(algorithm: str) -> None:
    key = SigningKey.generate(algorithm)
    again = SigningKey.from_pem(key.pem)
    assert (again.kid, again.algorithm, again.public_jwk) == (key.kid, algorithm, key.public_jwk)


@pytest.mark.parametrize("algorithm", SIGNING_ALGORITHMS)
def test_the_published_part_holds_nothing_private(algorithm: str) -> None:
    key = SigningKey.generate(algorithm)
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(key.public_jwk)
    assert repr(key) == f"<SigningKey {key.kid} {algorithm}>"


@pytest.mark.parametrize(
    "pem",
    [
        "hunter2",
        "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n",
        pem_of(ec.generate_private_key(ec.SECP384R1())),
        pem_of(ec.generate_private_key(ec.SECP256K1())),
        pem_of(rsa.generate_private_key(65537, 1024)),
        pem_of(ec.generate_private_key(ec.SECP256R1()), b"secret"),
    ],
    ids=["no PEM", "no key", "P-384", "secp256k1", "RSA 1024", "encrypted"],
)
def test_other_keys_are_refused_without_being_quoted(pem: str) -> None:
    with pytest.raises(ValueError, match=r"PEM|P-256|pass phrase") as refusal:
        SigningKey.from_pem(pem)
    assert pem.splitlines()[-2 if "\n" in pem else 0] not in str(refusal.value)
