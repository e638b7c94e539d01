"""What a configuration may say of signed requests, and what `check` finds wrong with it; no error shows a secret."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pydantic import ValidationError

from hotgate.config.request_signing import RequestSigning
from hotgate.policies.signatures.hmac import HmacSettings
from hotgate.policies.signatures.settings import SignatureSettings

SECRET = "a secret of more than thirty-two bytes"


def public(key: Any) -> str:
    return str(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


ED = ed25519.Ed25519PrivateKey.generate()
P256, P384 = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
RSA = rsa.generate_private_key(65537, 2048)
PRIVATE = ED.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def settings(**key: Any) -> SignatureSettings:
    return SignatureSettings.model_validate({"keys": {"k": key}})


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        ({"public_key": public(ED)}, "ed25519"),
        ({"public_key": public(P256)}, "ecdsa-p256-sha256"),
        ({"public_key": public(P384)}, "ecdsa-p384-sha384"),
        ({"public_key": public(RSA)}, "rsa-pss-sha512"),
        ({"public_key": public(RSA), "algorithm": "rsa-v1_5-sha256"}, "rsa-v1_5-sha256"),
        ({"secret": SECRET}, "hmac-sha256"),
        ({"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"}}, "ed25519"),
    ],
)
def test_each_key_has_one_algorithm(key: dict[str, Any], algorithm: str) -> None:
    assert settings(**key).keys["k"].key().algorithm == algorithm


@pytest.mark.parametrize(
    "key",
    [
        {},
        {"public_key": public(ED), "secret": SECRET},
        {"public_key": public(ED), "algorithm": "hmac-sha256"},
        {"public_key": public(ED), "algorithm": "ecdsa-p256-sha256"},
        {"public_key": public(ED), "algorithm": "none"},
        {"public_key": PRIVATE},
        {"public_key": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"},
        {"public_key": public(ed448.Ed448PrivateKey.generate())},
        {"public_key": public(ec.generate_private_key(ec.SECP521R1()))},
        {"public_key": public(rsa.generate_private_key(65537, 1024))},
        {"public_key": public(rsa.generate_private_key(3, 2048))},
        {"secret": "short"},
        {"secret": public(ED)},  # algorithm confusion, by hand
        {"secret": SECRET, "algorithm": "ed25519"},
        {"jwk": {"kty": "oct", "k": "AAAA"}},
        {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AQ" + "A" * 41}},  # a point of small order
    ],
)
def test_a_key_that_cannot_be_used_is_an_error_that_does_not_show_it(key: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as error:
        settings(**key)
    assert SECRET not in str(error.value)
    assert "BEGIN" not in str(error.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"keys": {}},
        {"keys": {'quo"te': {"secret": SECRET}}},
        {"keys": {"k": {"secret": SECRET}}, "components": []},
        {"keys": {"k": {"secret": SECRET}}, "components": ["Date"]},
        {"keys": {"k": {"secret": SECRET}}, "components": ["@unknown"]},
        {"keys": {"k": {"secret": SECRET}}, "components": ["@status"]},
        {"keys": {"k": {"secret": SECRET}}, "components": ["@query-param"]},
        {"keys": {"k": {"secret": SECRET}}, "components": ["@method", "host"]},
        {"keys": {"k": {"secret": SECRET}}, "components": ["@method", "te"]},
        {"keys": {"k": {"secret": SECRET}}, "max_age": "2d"},
        {"keys": {"k": {"secret": SECRET}}, "nonce": "maybe"},
        {"keys": {"k": {"secret": SECRET}}, "label": "Sig 1"},
        {"jwks": [{"consumer": "a"}]},
        {"jwks": [{"consumer": "a", "url": "http://a.example/"}]},
        {"jwks": [{"url": "https://a.example/"}]},
        {"jwks": [{"consumer": "a", "url": "https://a.example/", "file": "a.json"}]},
        {"jwks": [{"consumer": "a", "url": "https://a.example/"}, {"consumer": "b", "url": "https://a.example/"}]},
    ],
)
def test_settings_that_mean_nothing_are_errors(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SignatureSettings.model_validate(wrong)


def test_weak_choices_are_warned_of() -> None:
    weak = {
        "keys": {"k": {"public_key": public(RSA), "algorithm": "rsa-v1_5-sha256"}},
        "components": ["@authority"],
        "nonce": "ignored",
        "digest": "optional",
    }
    assert [key for key, _, _ in SignatureSettings.model_validate(weak).dangers()] == [
        "components",
        "nonce",
        "digest",
        "keys",
    ]
    assert not list(settings(secret=SECRET).dangers())


@pytest.mark.parametrize(
    "keys", [{}, {"a b": {"secret": SECRET}}, {"a": {}}, {"a": {"secret": "x" * 31}}, {"a": {"secret": public(ED)}}]
)
def test_partners_need_names_and_long_secrets(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as error:
        HmacSettings.model_validate({"keys": keys})
    assert "BEGIN" not in str(error.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"message": {}, "webhook": {"secrets": ["whsec_" + "A" * 32]}},
        {"message": {"key": PRIVATE}},
        {"message": {"key_id": "k"}},
        {"message": {"key": PRIVATE, "secret": SECRET, "key_id": "k"}},
        {"message": {"components": ["@status"]}},
        {"message": {"components": ["@query-param"]}},
        {"message": {"components": ["date", "date"]}},
        {"message": {"components": ["Date"]}},
        {"message": {"components": ["@method", "host"]}},
        {"message": {"components": ["@method", "x-request-id"]}},
        {"message": {"tag": 'a"b'}},
        {"webhook": {"secrets": []}},
        {"webhook": {"secrets": ["whsec_AAAA"]}},
        {"webhook": {"secrets": ["A" * 32]}},
        {"webhook": {"secrets": ["whsk_" + "A" * 32]}},
        {"webhook": {"secrets": ["whsec_" + "A" * 33]}},
    ],
)
def test_signing_that_cannot_work_is_an_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as error:
        RequestSigning.model_validate(wrong)
    assert "AAAA" not in str(error.value)
    assert SECRET not in str(error.value)
