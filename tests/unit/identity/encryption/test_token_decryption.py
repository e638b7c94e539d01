"""Encrypted tokens: what is opened, and that nobody learns why something is not."""

import json
from typing import Any, get_args

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from encrypted_tokens import P256, RSA, X25519, encrypted, private_text, with_header, with_segment
from hotgate.identity import base64url
from hotgate.identity.encryption.content_encryption import ENCRYPTIONS, EncryptionName
from hotgate.identity.encryption.decryption_key import DecryptionAlgorithm, DecryptionSecret, parse_decryption_key
from hotgate.identity.encryption.token_decryption import AnyKey, TokenDecryption
from hotgate.identity.refusal import CredentialRefused

INNER = b"aaaa.bbbb.cccc"
ALGORITHMS = frozenset(get_args(DecryptionAlgorithm))


def opener(*keys: AnyKey, algorithms: frozenset[str] = ALGORITHMS, is_required: bool = True) -> TokenDecryption:
    return TokenDecryption(keys, algorithms, frozenset(ENCRYPTIONS), is_required=is_required)


RSA_OPENER = opener(parse_decryption_key(private_text(RSA)))
EC_OPENER = opener(parse_decryption_key(private_text(P256)))


def refusal(token: bytes, by: TokenDecryption = RSA_OPENER) -> str:
    with pytest.raises(CredentialRefused) as caught:
        by.opened(token)
    assert caught.value.code == "token-malformed"
    return caught.value.log_detail


@pytest.mark.parametrize("encryption", get_args(EncryptionName))
@pytest.mark.parametrize("algorithm", ["RSA-OAEP", "RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"])
def test_what_was_encrypted_for_the_key_is_opened(algorithm: str, encryption: str) -> None:
    key, by = (RSA, RSA_OPENER) if algorithm.startswith("RSA") else (P256, EC_OPENER)
    assert by.opened(encrypted(INNER, key, alg=algorithm, enc=encryption)) == INNER


@pytest.mark.parametrize("key", [ECKey.generate_key("P-384"), ECKey.generate_key("P-521"), X25519])
def test_other_curves_are_opened_too(key: ECKey | OKPKey) -> None:
    assert opener(parse_decryption_key(private_text(key))).opened(encrypted(INNER, key, alg="ECDH-ES")) == INNER


@pytest.mark.parametrize(
    ("algorithm", "encryption", "size"),
    [
        ("dir", "A128GCM", 16),
        ("dir", "A256GCM", 32),
        ("dir", "A128CBC-HS256", 32),
        ("dir", "A256CBC-HS512", 64),
        ("A128KW", "A256CBC-HS512", 16),
        ("A256KW", "A128GCM", 32),
    ],
)
def test_what_was_encrypted_with_the_secret_is_opened(algorithm: str, encryption: str, size: int) -> None:
    secret = bytes(range(size))
    token = encrypted(INNER, OctKey.import_key(secret), alg=algorithm, enc=encryption)
    assert opener(DecryptionSecret(secret)).opened(token) == INNER
    refusal(token, opener(DecryptionSecret(bytes(size))))
    refusal(token, opener(DecryptionSecret(secret + b"x")))


@pytest.mark.parametrize("content_type", ["JWT", "jwt", "application/jwt", "Application/JWT"])
def test_what_is_within_must_be_called_a_token(content_type: str) -> None:
    assert RSA_OPENER.opened(encrypted(INNER, RSA, cty=content_type)) == INNER


@pytest.mark.parametrize(
    "changes", [{"cty": None}, {"cty": "json"}, {"cty": 5}, {"cty": ""}, {"typ": "logout+jwt"}, {"typ": 5}]
)
def test_claims_that_nobody_signed_are_refused(changes: dict[str, Any]) -> None:
    assert refusal(with_header(encrypted(INNER, RSA), **changes)) != "cannot be decrypted"
    assert "cty" in refusal(encrypted(INNER, RSA, cty=None))


# --- no oracle


def oaep(digest: hashes.HashAlgorithm) -> padding.OAEP:
    return padding.OAEP(padding.MGF1(digest), digest, None)


def damaged() -> list[bytes]:
    token = encrypted(INNER, RSA)
    cbc = encrypted(INNER, RSA, enc="A128CBC-HS256")
    sealed = RSA.public_key.encrypt
    return [
        with_segment(token, 1, bytes(256)),  # no OAEP at all
        with_segment(token, 1, b"\xff" * 256),  # larger than the modulus
        with_segment(token, 1, b""),
        with_segment(token, 1, bytes(255)),
        with_segment(token, 1, sealed(bytes(16), oaep(hashes.SHA256()))),  # a content key of another length
        with_segment(token, 1, sealed(bytes(32), oaep(hashes.SHA1()))),
        with_segment(token, 2, bytes(12)),
        with_segment(token, 2, b""),
        with_segment(token, 2, bytes(16)),
        with_segment(token, 3, b"x" * 14),
        with_segment(token, 3, b""),
        with_segment(token, 4, bytes(16)),
        with_segment(token, 4, b""),
        with_segment(token, 4, base64url.decode(token.split(b".")[4])[:12]),  # a tag cut short
        with_segment(cbc, 2, bytes(16)),
        with_segment(cbc, 3, bytes(32)),
        with_segment(cbc, 3, bytes(15)),
        with_segment(cbc, 4, bytes(32)),
        with_segment(cbc, 4, b""),
        with_header(token, alg="RSA-OAEP"),
        with_header(token, x=1),
        with_header(token, enc="A128CBC-HS256"),
        encrypted(INNER, RSAKey.generate_key(2048)),  # for somebody else
    ]


@pytest.mark.parametrize("token", damaged(), ids=range(23))
def test_a_client_and_the_log_cannot_tell_why_decryption_failed(token: bytes) -> None:
    assert refusal(token) == "cannot be decrypted"


def test_no_byte_of_a_token_can_be_changed() -> None:
    token = encrypted(INNER, P256, alg="ECDH-ES+A128KW")
    assert EC_OPENER.opened(token) == INNER
    for place in range(len(token)):
        changed = token[:place] + (b"A" if token[place : place + 1] != b"A" else b"B") + token[place + 1 :]
        refusal(changed, EC_OPENER)


# --- what is refused before any cryptography


class Untouched(DecryptionSecret):
    """A key that must not be reached."""

    def content_key(self, token: object, size: int) -> bytes | None:
        raise AssertionError("reached a key")


@pytest.mark.parametrize(
    "changes",
    [
        {"zip": "DEF"},  # a decompression bomb
        {"zip": ""},
        {"crit": ["exp"]},
        {"b64": False},
        {"enc": "A192GCM"},
        {"enc": "none"},
        {"enc": None},
        {"enc": ["A128GCM"]},
        {"alg": None},
        {"alg": "none"},
        {"alg": "RSA1_5"},
        {"alg": "A128GCMKW"},
        {"alg": "PBES2-HS256+A128KW", "p2s": "AAAA", "p2c": 2_000_000_000},  # a CPU bomb (CVE-2023-52428)
        {"alg": "ECDH-ES+A192KW"},
        {"kid": 5},
        {"kid": "k" * 257},
    ],
)
def test_nothing_is_computed_for_what_is_not_accepted(changes: dict[str, Any]) -> None:
    token = encrypted(INNER, OctKey.import_key(bytes(16)), alg="dir", enc="A128GCM")
    refusal(with_header(token, **changes), opener(Untouched(bytes(16))))


@pytest.mark.parametrize("algorithm", ["RSA-OAEP", "ECDH-ES", "A128KW"])
def test_an_algorithm_for_another_kind_of_key_reaches_no_key(algorithm: str) -> None:
    token = with_header(encrypted(INNER, OctKey.import_key(bytes(32)), alg="dir"), alg=algorithm)
    refusal(token, opener(Untouched(bytes(32))))


def test_an_algorithm_that_is_not_configured_is_refused() -> None:
    key = parse_decryption_key(private_text(RSA))
    token = encrypted(INNER, RSA, alg="RSA-OAEP")
    assert opener(key).opened(token) == INNER
    refusal(token, opener(key, algorithms=frozenset({"RSA-OAEP-256"})))


@pytest.mark.parametrize("token", [b"....", b"a.b.c.d.e", b"a.b.c.d", b"a.b.c.d.e.f", b"e30....", b".....", b"a....="])
def test_five_segments_are_not_enough(token: bytes) -> None:
    refusal(token)


def test_what_is_only_signed_is_refused_unless_that_is_allowed() -> None:
    key = parse_decryption_key(private_text(RSA))
    assert refusal(INNER) == "not encrypted"
    assert opener(key, is_required=False).opened(INNER) == INNER


# --- ephemeral keys


@pytest.mark.parametrize(
    "ephemeral",
    [
        None,
        5,
        {},
        {"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"},
        {"kty": "EC", "crv": "P-256", "x": base64url.encode(bytes(32)).decode(), "y": "A" * 43},  # not on the curve
        {"kty": "EC", "crv": "P-256", "x": "A" * 43 + "=", "y": "A" * 43},
        {"kty": "EC", "crv": "P-256", "x": 5, "y": 5},
        {"kty": "OKP", "crv": "P-256", "x": "A" * 43},
        X25519.as_dict(private=False),
        ECKey.generate_key("P-384").as_dict(private=False),
    ],
)
def test_an_ephemeral_key_must_be_a_point_of_the_keys_own_curve(ephemeral: Any) -> None:
    token = encrypted(INNER, P256, alg="ECDH-ES")
    assert refusal(with_header(token, epk=ephemeral), EC_OPENER) == "cannot be decrypted"


@pytest.mark.parametrize("point", [bytes(32), b"\x01" + bytes(31)])
def test_a_point_that_makes_the_shared_secret_known_is_refused(point: bytes) -> None:
    """All points of small order lead to zero, whatever the private key (RFC 7748 §6.1)."""
    ephemeral = {"kty": "OKP", "crv": "X25519", "x": base64url.encode(point).decode()}
    token = with_header(encrypted(INNER, X25519, alg="ECDH-ES"), epk=ephemeral)
    refusal(token, opener(parse_decryption_key(private_text(X25519))))


@pytest.mark.parametrize("party", [5, "=", "a b", ["AAAA"]])
def test_odd_parties_are_refused(party: Any) -> None:
    assert refusal(with_header(encrypted(INNER, P256, alg="ECDH-ES"), apu=party), EC_OPENER) == "cannot be decrypted"


# --- several keys


def test_keys_are_replaced_by_name() -> None:
    new = RSAKey.generate_key(2048)
    both = opener(parse_decryption_key(private_text(RSA), "old"), parse_decryption_key(private_text(new), "new"))
    assert both.opened(encrypted(INNER, RSA, kid="old")) == INNER
    assert both.opened(encrypted(INNER, new, kid="new")) == INNER
    for kid, key in (("new", RSA), ("other", RSA), (None, RSA)):
        assert refusal(encrypted(INNER, key, kid=kid), both) == "cannot be decrypted"


def test_a_key_without_a_name_serves_any_name() -> None:
    assert RSA_OPENER.opened(encrypted(INNER, RSA, kid="whatever")) == INNER


# --- reading keys


def pem(key: Any, password: bytes | None = None) -> str:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    return str(key.private_bytes(serialization.Encoding.PEM, form, encryption).decode())


def test_pem_is_read_as_well() -> None:
    assert opener(parse_decryption_key(pem(RSA.private_key))).opened(encrypted(INNER, RSA)) == INNER


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hunter2",
        "{}",
        '{"kty": "RSA", "n": "hunter2"}',
        json.dumps(RSA.as_dict(private=False)),
        json.dumps({**RSA.as_dict(private=True), "use": "sig"}),
        json.dumps({**RSA.as_dict(private=True), "kid": 5}),
        json.dumps({"kty": "oct", "k": "hunter2", "d": "x"}),
        pem(rsa.generate_private_key(65537, 1024)),
        pem(ed25519.Ed25519PrivateKey.generate()),
        pem(ec.generate_private_key(ec.SECP256K1())),
        pem(RSA.private_key, b"hunter2"),
        RSA.as_pem(private=False).decode(),
    ],
)
def test_what_cannot_decrypt_is_no_key_and_is_not_shown(text: str) -> None:
    with pytest.raises(ValueError, match=r"not an unencrypted|an RSA key of|neither RSA") as caught:
        parse_decryption_key(text)
    assert "hunter2" not in str(caught.value)


def test_keys_do_not_show_themselves() -> None:
    assert repr(DecryptionSecret(b"hunter2")) == "<DecryptionSecret>"
    assert repr(parse_decryption_key(private_text(RSA), "k")) == "<DecryptionKey 'k'>"


@given(st.lists(st.binary(max_size=40), min_size=5, max_size=5))
def test_no_bytes_raise_anything_but_a_refusal(parts: list[bytes]) -> None:
    refusal(b".".join(base64url.encode(part) for part in parts))
