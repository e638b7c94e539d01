"""Secrets in the place of keys: long enough, for HMAC only, and never shown."""

import hmac
import json

import pytest

from hotgate.identity import base64url
from hotgate.identity.verification_keys.shared_secret import SecretKeySet, SharedSecret, secret_octets
from hotgate.identity.verification_keys.signature_algorithm import PUBLIC_KEY_ALGORITHMS, SECRET_ALGORITHMS

HASHES = {"HS256": ("sha256", 32), "HS384": ("sha384", 48), "HS512": ("sha512", 64)}


@pytest.mark.parametrize("algorithm", SECRET_ALGORITHMS)
def test_only_what_was_signed_with_the_secret_verifies(algorithm: str) -> None:
    digest, size = HASHES[algorithm]
    secret = SharedSecret(bytes(range(size)))
    signature = hmac.digest(bytes(range(size)), b"text", digest)
    assert secret.verifies(algorithm, b"text", signature)
    for other in (b"", signature[:-1], signature + b"\x00", bytes(len(signature))):
        assert not secret.verifies(algorithm, b"text", other)
    assert not secret.verifies(algorithm, b"other", signature)


@pytest.mark.parametrize("algorithm", SECRET_ALGORITHMS)
def test_a_secret_shorter_than_the_hash_verifies_nothing(algorithm: str) -> None:
    digest, size = HASHES[algorithm]
    short = bytes(range(size - 1))
    assert not SharedSecret(short).verifies(algorithm, b"text", hmac.digest(short, b"text", digest))


@pytest.mark.parametrize("algorithm", [*PUBLIC_KEY_ALGORITHMS, "none", "", "hs256"])
def test_a_secret_is_for_nothing_else(algorithm: str) -> None:
    secret = SharedSecret(bytes(64))
    assert not secret.fits(algorithm)
    assert not secret.verifies(algorithm, b"text", b"")


def test_a_set_of_one_secret_is_found_under_any_name() -> None:
    keys = SecretKeySet("corp", bytes(range(32)))
    found = keys.find("any", "HS256")
    assert found is keys.find(None, "HS256")
    assert found in keys.keys
    assert keys.find(None, "HS512") is None
    assert keys.find(None, "RS256") is None


def test_a_secret_is_text_or_a_jwk() -> None:
    jwk = {"kty": "oct", "k": base64url.encode(b"\x00\xff").decode()}
    assert secret_octets("päss") == "päss".encode()
    assert secret_octets(json.dumps(jwk)) == b"\x00\xff"


@pytest.mark.parametrize(
    "text", ["{", "{}", '{"kty":"oct"}', '{"kty":"oct","k":5}', '{"kty":"oct","k":"AA=="}', '{"kty":"RSA","k":"AA"}']
)
def test_a_jwk_that_is_no_secret_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (several parsers have a say)
        secret_octets(text)


def test_a_secret_does_not_show_itself() -> None:
    assert repr(SharedSecret(b"hunter2")) == "<SharedSecret>"


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----",
        "\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB ada@example",
        "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY ada@example",
    ],
)
def test_what_everybody_may_read_is_no_secret(text: str) -> None:
    """RFC 8725 §2.1: with the issuer's public key for a secret, anybody could make tokens."""
    with pytest.raises(ValueError, match="no shared secret"):
        secret_octets(text)
