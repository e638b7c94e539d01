"""Examples of RFC 7520 and RFC 8037: what is supported is verified or decrypted, all the rest is refused."""

import json
import os
from pathlib import Path
from typing import Any, get_args

import pytest

from hotgate.identity.compact_token import CompactToken
from hotgate.identity.content_encryption import ENCRYPTIONS
from hotgate.identity.decryption_key import DecryptionAlgorithm, DecryptionSecret, parse_decryption_key
from hotgate.identity.encrypted_token import EncryptedToken
from hotgate.identity.public_key import UnusableKey, parse_public_key
from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.shared_secret import SharedSecret, secret_octets
from hotgate.identity.token_decryption import AnyKey, TokenDecryption

DEFAULT_CORPORA = Path(__file__).resolve().parents[3] / "shared" / "corpora"
JOSE = Path(os.environ.get("HOTGATE_CORPORA", DEFAULT_CORPORA)) / "jose"

pytestmark = pytest.mark.skipif(not JOSE.is_dir() and "CI" not in os.environ, reason="no JOSE vectors here")

ALGORITHMS: tuple[str, ...] = get_args(DecryptionAlgorithm)
VERIFIABLE = [
    "jws/4_1.rsa_v15_signature.json",
    "jws/4_2.rsa-pss_signature.json",
    "jws/4_3.ecdsa_signature.json",
    "curve25519/jws.json",
]
DECRYPTABLE = [
    "jwe/5_2.key_encryption_using_rsa-oaep_with_aes-gcm.json",
    "jwe/5_4.key_agreement_with_key_wrapping_using_ecdh-es_and_aes-keywrap_with_aes-gcm.json",
    "jwe/5_5.key_agreement_using_ecdh-es_with_aes-cbc-hmac-sha2.json",
    "jwe/5_6.direct_encryption_using_aes-gcm.json",
    "jwe/5_8.key_wrap_using_aes-keywrap_with_aes-gcm.json",
    "curve25519/ecdh-es.json",
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


def test_the_example_with_a_secret_is_verified_by_that_secret() -> None:
    example = vector("jws/4_4.hmac-sha2_integrity_protection.json")
    token = CompactToken(example["output"]["compact"].encode())
    secret = SharedSecret(secret_octets(json.dumps(example["input"]["key"])))
    assert secret.verifies("HS256", token.signing_input, token.signature)
    assert not secret.verifies("HS256", token.signing_input + b"A", token.signature)


def decryption(jwk: dict[str, Any], *algorithms: str) -> TokenDecryption:
    text = json.dumps(jwk)
    key: AnyKey = DecryptionSecret(secret_octets(text)) if jwk["kty"] == "oct" else parse_decryption_key(text)
    return TokenDecryption([key], frozenset(algorithms), frozenset(ENCRYPTIONS), is_required=True)


@pytest.mark.parametrize("name", DECRYPTABLE)
def test_the_encrypted_example_is_decrypted_and_a_changed_one_is_not(name: str) -> None:
    example = vector(name)
    given = example["input"]
    opener = decryption(given["key"], given["alg"])
    compact = example["output"]["compact"].encode()
    plain = opener.decrypted(EncryptedToken(compact))
    assert plain is not None
    assert plain.decode() == given["plaintext"]
    header, key, vector_, content, tag = compact.split(b".")
    assert opener.decrypted(EncryptedToken(b".".join((header, key, vector_, content[4:], tag)))) is None
    assert decryption(given["key"]).decrypted(EncryptedToken(compact)) is None


def test_a_signed_token_in_an_encrypted_one_is_found() -> None:
    example = vector("6.nesting_signatures_and_encryption.json")
    opener = decryption(example["encrypt"]["input"]["key"], "RSA-OAEP")
    token = CompactToken(opener.opened(example["encrypt"]["output"]["compact"].encode()))
    assert token.payload.decode() == example["sign"]["input"]["payload"]
    key = parse_public_key(public_part(example["sign"]["input"]["key"]))
    assert key.verifies("PS256", token.signing_input, token.signature)


@pytest.mark.parametrize("path", sorted((JOSE / "jwe").glob("*.json")), ids=lambda path: path.name[:4])
def test_what_is_encrypted_is_neither_a_signed_token_nor_a_nested_one(path: Path) -> None:
    """Texts that nobody signed, weak and costly algorithms (5.1, 5.3), compression (5.9): none of them is a token."""
    example = json.loads(path.read_text(encoding="utf-8"))
    compact = example["output"].get("compact", "").encode()
    jwk = example["input"].get("key", {"kty": "oct", "k": "AAAA"})
    opener = decryption(jwk if isinstance(jwk, dict) else {"kty": "oct", "k": "AAAA"}, *ALGORITHMS)
    for read in (CompactToken, opener.opened):
        with pytest.raises(CredentialRefused):
            read(compact)
