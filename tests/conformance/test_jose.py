"""Examples of RFC 7520, RFC 7797 and RFC 8037: what is supported is verified or decrypted, all the rest is refused."""

import json
import os
from pathlib import Path
from typing import Any, get_args

import pytest

from hotgate.identity.encryption.content_encryption import ENCRYPTIONS
from hotgate.identity.encryption.decryption_key import DecryptionAlgorithm, DecryptionSecret, parse_decryption_key
from hotgate.identity.encryption.encrypted_token import EncryptedToken
from hotgate.identity.encryption.token_decryption import AnyKey, TokenDecryption
from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.tokens.compact_token import CompactToken
from hotgate.identity.verification_keys.public_key import UnusableKey, parse_public_key
from hotgate.identity.verification_keys.shared_secret import SharedSecret, secret_octets

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
WITH_A_SECRET = "jws/4_4.hmac-sha2_integrity_protection.json"
NESTED = "6.nesting_signatures_and_encryption.json"
# Content that is not in the token or not base64url, a header that is not signed.
PARTLY_ELSEWHERE = [
    "jws/4_5.signature_with_detached_content.json",
    "jws/4_7.protecting_content_only.json",
    "rfc7797/hmac-sha2_b64_false.json",
    "rfc7797/4.2.hmac-sha2_b64_false.json",
]
NOT_TOKENS = [
    *PARTLY_ELSEWHERE,
    "jws/4_6.protecting_specific_header_fields.json",
    "jws/4_8.multiple_signatures.json",
]
# RSA1_5, PBES2, AES-GCM key wrap, compression.
NOT_ACCEPTED = [
    "jwe/5_1.key_encryption_using_rsa_v15_and_aes-hmac-sha2.json",
    "jwe/5_3.key_wrap_using_pbes2-aes-keywrap_with-aes-cbc-hmac-sha2.json",
    "jwe/5_7.key_wrap_using_aes-gcm_keywrap_with_aes-cbc-hmac-sha2.json",
    "jwe/5_9.compressed_content.json",
]
# Associated data or headers outside the token, several recipients.
NOT_COMPACT = [
    "jwe/5_10.including_additional_authentication_data.json",
    "jwe/5_11.protecting_specific_header_fields.json",
    "jwe/5_12.protecting_content_only.json",
    "jwe/5_13.encrypting_to_multiple_recipients.json",
]
PUBLIC_KEYS = ["jwk/3_1.ec_public_key.json", "jwk/3_3.rsa_public_key.json"]
PRIVATE_KEYS = ["jwk/3_2.ec_private_key.json", "jwk/3_4.rsa_private_key.json"]
SECRETS = ["jwk/3_5.symmetric_key_mac_computation.json", "jwk/3_6.symmetric_key_encryption.json"]


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


@pytest.mark.parametrize("name", PUBLIC_KEYS)
def test_public_keys_are_read(name: str) -> None:
    assert parse_public_key(vector(name)).kid == "bilbo.baggins@hobbiton.example"


@pytest.mark.parametrize("name", [*PRIVATE_KEYS, *SECRETS])
def test_private_and_symmetric_keys_of_a_set_are_refused(name: str) -> None:
    with pytest.raises(UnusableKey):
        parse_public_key(vector(name))


@pytest.mark.parametrize("name", PRIVATE_KEYS)
def test_a_key_for_signatures_decrypts_nothing(name: str) -> None:
    with pytest.raises(ValueError, match="not an unencrypted private key"):
        parse_decryption_key(json.dumps(vector(name)))


@pytest.mark.parametrize("name", SECRETS)
def test_a_symmetric_key_is_a_secret_of_the_configuration(name: str) -> None:
    assert len(secret_octets(json.dumps(vector(name)))) == 32


def test_the_example_with_a_secret_is_verified_by_that_secret() -> None:
    example = vector(WITH_A_SECRET)
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
    example = vector(NESTED)
    opener = decryption(example["encrypt"]["input"]["key"], "RSA-OAEP")
    token = CompactToken(opener.opened(example["encrypt"]["output"]["compact"].encode()))
    assert token.payload.decode() == example["sign"]["input"]["payload"]
    key = parse_public_key(public_part(example["sign"]["input"]["key"]))
    assert key.verifies("PS256", token.signing_input, token.signature)


@pytest.mark.parametrize("name", [*DECRYPTABLE, *NOT_ACCEPTED])
def test_what_is_encrypted_is_neither_a_signed_token_nor_a_nested_one(name: str) -> None:
    """Texts that nobody signed, weak and costly algorithms, compression: none of them is a token."""
    example = vector(name)
    compact = example["output"]["compact"].encode()
    jwk = example["input"].get("key") or {"kty": "oct", "k": "AAAA"}  # 5.3 has a password
    for read in (CompactToken, decryption(jwk, *ALGORITHMS).opened):
        with pytest.raises(CredentialRefused):
            read(compact)


@pytest.mark.parametrize("name", [*NOT_TOKENS, *NOT_COMPACT])
def test_the_json_serializations_are_no_tokens(name: str) -> None:
    """RFC 7519 §3: compact only. In the others a header may stand outside of what is signed."""
    output = vector(name)["output"]
    for form in {"json", "json_flat"} & output.keys():
        for read in (CompactToken, EncryptedToken):
            with pytest.raises(CredentialRefused):
                read(json.dumps(output[form]).encode())


def joined(flat: dict[str, Any], *parts: str) -> bytes:
    """A flattened JSON serialization as somebody might squeeze it into the compact one."""
    return ".".join(flat.get(part, "") for part in parts).encode()


def is_verified(compact: bytes, secret: SharedSecret) -> bool:
    try:
        token = CompactToken(compact)
    except CredentialRefused:
        return False
    return secret.verifies(token.algorithm, token.signing_input, token.signature)


@pytest.mark.parametrize("name", PARTLY_ELSEWHERE)
def test_a_signature_over_more_or_less_than_the_token_proves_nothing(name: str) -> None:
    example = vector(name)
    secret = SharedSecret(secret_octets(json.dumps(example["input"]["key"])))
    squeezed = joined(example["output"]["json_flat"], "protected", "payload", "signature")
    for compact in (example["output"].get("compact", "").encode(), squeezed):
        assert not is_verified(compact, secret)


@pytest.mark.parametrize("name", NOT_COMPACT)
def test_what_is_not_wholly_in_the_token_is_not_decrypted(name: str) -> None:
    output = vector(name)["output"]
    flat = output.get("json_flat") or {**output["json"], **output["json"]["recipients"][2]}
    given = vector(name)["input"]["key"]
    opener = decryption(given[2] if isinstance(given, list) else given, *ALGORITHMS)
    with pytest.raises(CredentialRefused):
        opener.opened(joined(flat, "protected", "encrypted_key", "iv", "ciphertext", "tag"))


def test_every_example_is_used() -> None:
    used = {*VERIFIABLE, *DECRYPTABLE, *NOT_TOKENS, *NOT_ACCEPTED, *NOT_COMPACT}
    used |= {WITH_A_SECRET, NESTED, *PUBLIC_KEYS, *PRIVATE_KEYS, *SECRETS}
    assert {path.relative_to(JOSE).as_posix() for path in JOSE.rglob("*.json")} == used
