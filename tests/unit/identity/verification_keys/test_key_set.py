"""Keys are taken from a document with suspicion, and replaced as a whole or not at all."""

from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey

from hotgate.identity import base64url
from hotgate.identity.verification_keys.key_set import (
    MAX_DOCUMENT_BYTES,
    MAX_KEYS,
    InvalidKeySet,
    KeySet,
    parse_document,
)
from hotgate.identity.verification_keys.public_key import UnusableKey, parse_public_key
from hotgate.testing.issuer import Issuer

ISSUER = Issuer()
RSA = Issuer(algorithm="RS256")


def loaded(*keys: dict[str, Any]) -> KeySet:
    key_set = KeySet("corp")
    key_set.replace({"keys": list(keys)})
    return key_set


@pytest.mark.parametrize("algorithm", ["RS256", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"])
def test_a_key_of_each_kind_verifies_its_signature_only(algorithm: str) -> None:
    issuer = Issuer(algorithm=algorithm)
    key = loaded(issuer.jwk()).find("k1", algorithm)
    signing_input, _, encoded = issuer.token({}).rpartition(b".")
    signature = base64url.decode(encoded)
    assert key is not None
    assert key.verifies(algorithm, signing_input, signature)
    assert not key.verifies(algorithm, signing_input + b"x", signature)
    assert not key.verifies(algorithm, signing_input, signature[:-1])
    assert not key.verifies(algorithm, signing_input, b"")


@pytest.mark.parametrize(
    "changes",
    [
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": "unknown"},
        {"kty": None},
        {"kty": ["EC"]},
        {"use": "enc"},
        {"key_ops": ["sign"]},
        {"key_ops": 5},
        {"alg": "HS256"},
        {"alg": "none"},
        {"alg": ["ES256"]},
        {"crv": "secp256k1"},
        {"crv": "P-384"},
        {"crv": None},
        {"x": "AAAA"},
        {"x": 5},
        {"x": "A" * 5000},
        {"x": "=" * 43},
        {"kid": 7},
        {"kid": ""},
        {"kid": "k" * 257},
        {"issuer": 7},
        {"issuer": "i" * 1025},
        {"d": "AAAA"},
    ],
)
def test_an_unsuitable_key_is_not_usable(changes: dict[str, Any]) -> None:
    with pytest.raises(UnusableKey):
        parse_public_key(ISSUER.jwk(**changes))


def test_a_private_key_is_not_usable() -> None:
    with pytest.raises(UnusableKey, match="private"):
        parse_public_key(ECKey.generate_key("P-256").as_dict(private=True))


def test_a_shared_secret_is_not_usable() -> None:
    with pytest.raises(UnusableKey):
        parse_public_key(OctKey.generate_key(256).as_dict(private=True))


def test_a_short_rsa_key_is_not_usable() -> None:
    with pytest.raises(UnusableKey, match="1024 bits"):
        parse_public_key(RSA.jwk(n=base64url.encode(b"\x80" + bytes(126) + b"\x01").decode()))


def test_a_huge_exponent_is_not_usable() -> None:
    with pytest.raises(UnusableKey):
        parse_public_key(RSA.jwk(e=RSA.jwk()["n"][:64]))


def test_a_point_that_is_not_on_the_curve_is_not_usable() -> None:
    with pytest.raises(UnusableKey, match="do not make a key"):
        parse_public_key(ISSUER.jwk(x=ISSUER.jwk()["y"]))


def test_error_messages_hold_no_key_material() -> None:
    jwk = ISSUER.jwk(crv="P-384")
    with pytest.raises(UnusableKey) as caught:
        parse_public_key(jwk)
    assert jwk["x"] not in str(caught.value)


def test_unusable_keys_are_ignored_beside_usable_ones() -> None:
    key_set = loaded(ISSUER.jwk(kid="enc", use="enc"), {"kty": "new"}, ISSUER.jwk())
    assert [key.kid for key in key_set.keys] == ["k1"]


def test_a_key_may_be_bound_to_one_algorithm() -> None:
    key_set = loaded(RSA.jwk(alg="RS256"))
    assert key_set.find("k1", "RS256") is not None
    assert key_set.find("k1", "PS256") is None


def test_the_algorithm_must_fit_the_kind_of_key() -> None:
    key_set = loaded(ISSUER.jwk())
    assert [name for name in ("RS256", "ES256", "ES384", "EdDSA") if key_set.find("k1", name)] == ["ES256"]


def test_a_key_that_becomes_another_issuers_is_another_key() -> None:
    key_set = loaded(ISSUER.jwk(issuer="https://login.test/{tenantid}"))
    key_set.replace({"keys": [ISSUER.jwk(issuer="https://login.test/1")]})
    assert key_set.generation == 2


def test_without_a_kid_there_must_be_exactly_one_key() -> None:
    assert loaded(ISSUER.jwk(), RSA.jwk(kid="r")).find(None, "RS256") is not None
    assert loaded(ISSUER.jwk(), Issuer().jwk(kid="k2")).find(None, "ES256") is None


def test_two_keys_of_one_name_and_kind_are_ambiguous() -> None:
    key_set = loaded(ISSUER.jwk(), Issuer().jwk(), RSA.jwk())
    assert key_set.find("k1", "ES256") is None
    assert key_set.find("k1", "RS256") is not None


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"keys": {}},
        {"keys": []},
        {"keys": [{"kty": "oct", "k": "AAAA"}]},
        {"keys": [ISSUER.jwk()] * (MAX_KEYS + 1)},
        {"keys": [ISSUER.jwk(x5c=["A" * MAX_DOCUMENT_BYTES])]},
        [],
        None,
    ],
)
def test_an_invalid_document_changes_nothing(document: Any) -> None:
    key_set = loaded(ISSUER.jwk())
    before = (key_set.generation, key_set.keys)
    with pytest.raises(InvalidKeySet):
        key_set.replace(document)
    assert (key_set.generation, key_set.keys) == before


def test_the_generation_counts_changes_only() -> None:
    key_set = KeySet("corp")
    assert not key_set.is_loaded
    key_set.replace(ISSUER.jwks())
    key_set.replace(ISSUER.jwks())
    assert key_set.generation == 1
    key_set.replace(RSA.jwks())
    assert key_set.generation == 2


@pytest.mark.parametrize("text", [b"[]", b"{", b'{"keys": [], "keys": []}', b" " * (MAX_DOCUMENT_BYTES + 1), b"<html>"])
def test_a_document_that_is_not_a_key_set_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidKeySet):
        parse_document(text)
