"""Examples of RFC 7520 and RFC 8037: compact, asymmetric signatures are verified, all the rest is refused."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from hotgate.identity.compact_token import CompactToken
from hotgate.identity.public_key import UnusableKey, parse_public_key
from hotgate.identity.refusal import CredentialRefused

DEFAULT_CORPORA = Path(__file__).resolve().parents[3] / "shared" / "corpora"
JOSE = Path(os.environ.get("HOTGATE_CORPORA", DEFAULT_CORPORA)) / "jose"

pytestmark = pytest.mark.skipif(not JOSE.is_dir() and "CI" not in os.environ, reason="no JOSE vectors here")

VERIFIABLE = [
    "jws/4_1.rsa_v15_signature.json",
    "jws/4_2.rsa-pss_signature.json",
    "jws/4_3.ecdsa_signature.json",
    "curve25519/jws.json",
]
REFUSED = [
    "jws/4_4.hmac-sha2_integrity_protection.json",
    "rfc7797/hmac-sha2_b64_false.json",
]


def vector(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((JOSE / name).read_text(encoding="utf-8"))
    return content


def public_part(jwk: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in jwk.items() if name in {"kty", "kid", "use", "alg", "crv", "x", "y", "n", "e"}
    }


@pytest.mark.parametrize("name", VERIFIABLE)
def test_the_signature_of_the_example_is_good_and_a_changed_one_is_not(name: str) -> None:
    example = vector(name)
    token = CompactToken(example["output"]["compact"].encode())
    key = parse_public_key(public_part(example["input"]["key"]))
    assert token.algorithm == example["input"]["alg"]
    assert token.payload.decode() == example["input"]["payload"]
    assert key.verifies(token.algorithm, token.signing_input, token.signature)
    assert not key.verifies(token.algorithm, token.signing_input + b"A", token.signature)
    assert not key.verifies(token.algorithm, token.signing_input, token.signature[:-1] + b"\x00\x00")


@pytest.mark.parametrize("name", VERIFIABLE)
def test_the_private_key_of_the_example_is_refused(name: str) -> None:
    with pytest.raises(UnusableKey, match="private"):
        parse_public_key(vector(name)["input"]["key"])


@pytest.mark.parametrize("name", REFUSED)
def test_shared_secrets_are_refused(name: str) -> None:
    with pytest.raises(UnusableKey):
        parse_public_key(vector(name)["input"]["key"])


@pytest.mark.parametrize("name", ["jwk/3_1.ec_public_key.json", "jwk/3_3.rsa_public_key.json"])
def test_public_keys_are_read(name: str) -> None:
    assert parse_public_key(vector(name)).kid == "bilbo.baggins@hobbiton.example"


@pytest.mark.parametrize("folder", ["jwe"])
def test_encrypted_tokens_are_not_taken_for_signed_ones(folder: str) -> None:
    for path in sorted((JOSE / folder).glob("*.json")):
        compact = json.loads(path.read_text(encoding="utf-8"))["output"].get("compact", "")
        with pytest.raises(CredentialRefused):
            CompactToken(compact.encode())
