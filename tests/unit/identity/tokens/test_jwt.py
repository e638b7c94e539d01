"""Tokens as attackers send them; each must be refused with its own code, and only good ones pass."""

import hmac
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from hotgate.identity import base64url
from hotgate.identity.refusal import CredentialRefused, KeySetUnavailable
from hotgate.identity.tokens.accepted_issuers import AcceptedIssuers
from hotgate.identity.tokens.claim_mapping import ClaimMapping, NamesFrom
from hotgate.identity.tokens.jwt import JwtVerifier, VerifiedToken, unverified_claims
from hotgate.identity.tokens.token_rules import MAX_TOKEN_BYTES, TokenRules
from hotgate.identity.verification_keys.key_set import KeySet
from hotgate.testing.issuer import Issuer

NOW = 1_800_000_000.0
ISSUER = Issuer()
RSA = Issuer(algorithm="RS256", kid="rsa")
RULES = TokenRules(
    issuers=AcceptedIssuers([ISSUER.name]),
    audiences=frozenset({"api", "api2"}),
    algorithms=frozenset({"ES256", "RS256", "EdDSA"}),
)


def claims(**changes: Any) -> dict[str, Any]:
    """Good claims with changes; a claim that is ... is left out."""
    good: dict[str, Any] = {"iss": ISSUER.name, "aud": "api", "sub": "ada", "exp": NOW + 60, "iat": NOW}
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


def verify(token: bytes, rules: TokenRules = RULES, *keys: dict[str, Any], now: float = NOW) -> VerifiedToken:
    key_set = KeySet("corp")
    key_set.replace({"keys": list(keys or (ISSUER.jwk(), RSA.jwk()))})
    return JwtVerifier("corp", rules, key_set).verify(token, now)


def code_for(token: bytes, rules: TokenRules = RULES, *keys: dict[str, Any]) -> str:
    with pytest.raises(CredentialRefused) as caught:
        verify(token, rules, *keys)
    return caught.value.code


def test_a_good_token_makes_a_principal() -> None:
    verified = verify(ISSUER.token(claims(scope="orders:read b", roles=["dev"], email="ada@example.com")))
    principal = verified.principal
    assert (principal.subject, principal.provider, principal.mechanism) == ("ada", "corp", "jwt")
    assert principal.scopes == {"orders:read", "b"}
    assert principal.roles == {"dev"}
    assert principal.claims["email"] == "ada@example.com"
    assert verified.expires == NOW + 60 + 30
    assert verified.key.kid == "k1"


@pytest.mark.parametrize("token_type", ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", None])
def test_types_of_access_tokens_are_accepted(token_type: str | None) -> None:
    assert verify(ISSUER.token(claims(), {"typ": token_type}))


# --- the signature and its algorithm


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
def test_no_signature_is_no_signature(algorithm: str) -> None:
    header = base64url.encode(json.dumps({"alg": algorithm, "kid": "k1"}).encode())
    payload = base64url.encode(json.dumps(claims()).encode())
    assert code_for(header + b"." + payload + b".") == "token-signature-invalid"
    assert code_for(header + b"." + payload + b".AAAA") == "token-signature-invalid"


@pytest.mark.parametrize("secret", [RSA.key.as_pem(), RSA.key.as_der(), json.dumps(RSA.jwk()).encode()])
def test_a_public_key_is_no_shared_secret(secret: bytes) -> None:
    header = base64url.encode(b'{"alg":"HS256","kid":"rsa"}')
    signing_input = header + b"." + base64url.encode(json.dumps(claims()).encode())
    signature = hmac.digest(secret, signing_input, "sha256")
    assert code_for(signing_input + b"." + base64url.encode(signature)) == "token-signature-invalid"


def test_an_algorithm_that_is_not_configured_is_refused_although_the_key_is_known() -> None:
    issuer = Issuer(algorithm="PS256")
    assert code_for(issuer.token(claims()), RULES, issuer.jwk()) == "token-signature-invalid"


def test_the_algorithm_must_fit_the_key_that_kid_names() -> None:
    assert code_for(ISSUER.token(claims(), {"kid": "rsa"})) == "token-signature-invalid"
    assert code_for(ISSUER.token(claims(), {"alg": "RS256"})) == "token-signature-invalid"


def test_a_key_bound_to_another_algorithm_is_not_used() -> None:
    assert code_for(RSA.token(claims()), RULES, RSA.jwk(alg="RS512")) == "token-signature-invalid"


def test_another_key_of_the_same_name_does_not_sign() -> None:
    assert code_for(Issuer().token(claims())) == "token-signature-invalid"


def test_a_signature_on_another_curve_is_refused() -> None:
    other = Issuer(algorithm="ES384")
    rules = replace(RULES, algorithms=frozenset({"ES256", "ES384"}))
    token = other.token(claims())
    assert code_for(token, rules) == "token-signature-invalid"
    assert code_for(other.token(claims(), {"alg": "ES256"}), rules, other.jwk()) == "token-signature-invalid"


def test_changed_parts_are_refused() -> None:
    header, payload, signature = ISSUER.token(claims()).split(b".")
    forged = base64url.encode(json.dumps(claims(sub="root")).encode())
    assert code_for(b".".join((header, forged, signature))) == "token-signature-invalid"
    other_header = base64url.encode(b'{"alg":"ES256","kid":"k1","x":1}')
    assert code_for(b".".join((other_header, payload, signature))) == "token-signature-invalid"


def ecdsa_token(signature: bytes) -> bytes:
    return ISSUER.token(claims()).rpartition(b".")[0] + b"." + base64url.encode(signature)


def test_an_ecdsa_signature_is_raw_and_not_der() -> None:
    raw = base64url.decode(ISSUER.token(claims()).rpartition(b".")[2])
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    assert code_for(ecdsa_token(der)) == "token-signature-invalid"


_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256


@pytest.mark.parametrize(
    "signature",
    [
        bytes(64),  # r = s = 0: CVE-2022-21449
        bytes(63) + b"\x01",
        b"\x00" * 31 + b"\x01" + bytes(32),
        _ORDER.to_bytes(32) * 2,
        b"\xff" * 64,
        b"",
        bytes(63),
        bytes(65),
    ],
)
def test_degenerate_ecdsa_signatures_are_refused(signature: bytes) -> None:
    assert code_for(ecdsa_token(signature)) == "token-signature-invalid"


# --- the keys


@pytest.mark.parametrize(
    "kid", ["../../dev/null", "k1' OR '1'='1", "K1", "k1\x00", " k1", "", "k" * 256, "/proc/self/environ"]
)
def test_an_unknown_kid_is_only_looked_up(kid: str) -> None:
    assert code_for(ISSUER.token(claims(), {"kid": kid})) == "key-unknown"


@pytest.mark.parametrize("kid", [1, True, [], ["k1"], {"k1": 1}, 1.5, "k" * 257])
def test_a_kid_that_is_no_short_string_is_malformed(kid: Any) -> None:
    assert code_for(ISSUER.token(claims(), {"kid": kid})) == "token-malformed"


def test_a_kid_of_null_is_malformed() -> None:
    assert code_for(ISSUER.signed(b'{"alg":"ES256","kid":null}', b"{}")) == "token-malformed"


def test_without_a_kid_the_only_fitting_key_is_used() -> None:
    token = Issuer(kid=None)
    assert verify(token.token(claims()), RULES, token.jwk(kid="any"), RSA.jwk())
    assert code_for(token.token(claims()), RULES, token.jwk(kid="a"), ISSUER.jwk(kid="b")) == "key-unknown"
    assert code_for(token.token(claims()), RULES, RSA.jwk()) == "key-unknown"


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c"])
def test_keys_and_addresses_in_the_token_are_never_used(name: str) -> None:
    attacker = Issuer()
    values = {"jwk": attacker.jwk(), "x5c": ["AAAA"]}
    header = {name: values.get(name, "https://attacker.test/jwks")}
    assert code_for(attacker.token(claims(), header)) == "token-signature-invalid"
    assert verify(ISSUER.token(claims(), header)).key.kid == "k1"


def test_keys_that_were_never_loaded_are_not_the_tokens_fault() -> None:
    with pytest.raises(KeySetUnavailable):
        JwtVerifier("corp", RULES, KeySet("corp")).verify(ISSUER.token(claims()), NOW)


# --- the outer form


def _joined(parts: list[bytes]) -> bytes:
    return b".".join(base64url.encode(part) for part in parts)


def with_parts(*parts: bytes) -> bytes:
    return b".".join(parts)


def malformed_tokens() -> list[bytes]:
    header, payload, signature = ISSUER.token(claims()).split(b".")
    return [
        b"",
        b".",
        b"..",
        b"....",
        b"not-a-token",
        with_parts(header, payload),
        with_parts(header, payload, signature, b""),
        with_parts(header, b"", b"", payload, signature),  # JWE: five parts
        with_parts(header, payload, signature) + b".",
        b"." + with_parts(header, payload, signature),
        with_parts(header + b"=", payload, signature),
        with_parts(header, payload, signature + b"=="),
        with_parts(header, payload + b"\n", signature),
        with_parts(header, b" " + payload, signature),
        with_parts(header, payload, signature + b"\t"),
        with_parts(header, payload, signature.replace(b"_", b"/").replace(b"-", b"+") + b"+/"),
        b"\xff\xfe." + payload + b"." + signature,
        b"." * MAX_TOKEN_BYTES,
        b"A" * (MAX_TOKEN_BYTES + 1),
        ISSUER.token(claims(padding="x" * MAX_TOKEN_BYTES)),
    ]


@pytest.mark.parametrize("token", malformed_tokens(), ids=range(20))
def test_a_malformed_token_is_refused(token: bytes) -> None:
    assert code_for(token) == "token-malformed"


@pytest.mark.parametrize(
    "header",
    [
        b"{}",
        b"[]",
        b"null",
        b'"ES256"',
        b"not json",
        b'{"alg":"ES256","alg":"ES256"}',
        b'{"alg":"ES256","kid":"k1","kid":"rsa"}',
        b'{"alg":["ES256"]}',
        b'{"alg":null}',
        b'{"alg":"ES256","kid":"k1","crit":["b64"],"b64":false}',
        b'{"alg":"ES256","kid":"k1","crit":["exp"],"exp":1}',
        b'{"alg":"ES256","kid":"k1","crit":[]}',
        b'{"alg":"ES256","kid":"k1","b64":false}',
        b'{"alg":"ES256","kid":"k1","typ":"logout+jwt"}',
        b'{"alg":"ES256","kid":"k1","typ":"dpop+jwt"}',
        b'{"alg":"ES256","kid":"k1","typ":5}',
        b'{"alg":"ES256","kid":"k1","x":' + b"[" * 1000 + b"]" * 1000 + b"}",
    ],
)
def test_a_header_that_is_not_understood_is_refused_although_it_is_signed(header: bytes) -> None:
    assert code_for(ISSUER.signed(header, json.dumps(claims()).encode())) == "token-malformed"


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"null",
        b"not json",
        b"\xff",
        json.dumps(claims()).encode()[:-1] + b',"sub":"root"}',
        json.dumps(claims()).encode()[:-1] + b',"a":' + b"[" * 1500 + b"]" * 1500 + b"}",
        json.dumps(claims()).encode()[:-1] + b',"a":' + b'{"a":' * 17 + b"1" + b"}" * 18,
        json.dumps(claims()).encode()[:-1] + b',"a":NaN}',
    ],
)
def test_a_payload_that_is_not_plain_json_is_refused_although_it_is_signed(payload: bytes) -> None:
    header = b'{"alg":"ES256","kid":"k1"}'
    assert code_for(ISSUER.signed(header, payload)) == "token-malformed"


def test_the_payload_is_not_parsed_before_the_signature_is_good() -> None:
    header, _, signature = ISSUER.token(claims()).split(b".")
    assert code_for(with_parts(header, base64url.encode(b"not json"), signature)) == "token-signature-invalid"


# --- the claims


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": ...}, "token-issuer-unknown"),
        ({"iss": "https://idp.test/"}, "token-issuer-unknown"),
        ({"iss": "https://IDP.test"}, "token-issuer-unknown"),
        ({"iss": ["https://idp.test"]}, "token-malformed"),
        ({"iss": None}, "token-malformed"),
        ({"aud": ...}, "token-audience-mismatch"),
        ({"aud": "other"}, "token-audience-mismatch"),
        ({"aud": "api other"}, "token-audience-mismatch"),
        ({"aud": []}, "token-audience-mismatch"),
        ({"aud": ["other"]}, "token-audience-mismatch"),
        ({"aud": ["api", 5]}, "token-malformed"),
        ({"aud": {"api": 1}}, "token-malformed"),
        ({"aud": 5}, "token-malformed"),
        ({"exp": ...}, "token-malformed"),
        ({"exp": str(int(NOW + 60))}, "token-malformed"),
        ({"exp": True}, "token-malformed"),
        ({"exp": None}, "token-malformed"),
        ({"exp": -1}, "token-malformed"),
        ({"exp": 10**400}, "token-malformed"),
        ({"exp": [NOW + 60]}, "token-malformed"),
        ({"exp": NOW - 30}, "token-expired"),
        ({"exp": 0}, "token-expired"),
        ({"nbf": "0"}, "token-malformed"),
        ({"nbf": False}, "token-malformed"),
        ({"nbf": None}, "token-malformed"),
        ({"nbf": NOW + 31}, "token-not-yet-valid"),
        ({"iat": "now"}, "token-malformed"),
        ({"iat": None}, "token-malformed"),
        ({"sub": ...}, "token-malformed"),
        ({"sub": 5}, "token-malformed"),
        ({"sub": ""}, "token-malformed"),
        ({"sub": None}, "token-malformed"),
        ({"sub": ["ada"]}, "token-malformed"),
        ({"scope": 5}, "token-malformed"),
        ({"scope": {"admin": True}}, "token-malformed"),
        ({"scp": ["a", 5]}, "token-malformed"),
        ({"roles": {"admin": True}}, "token-malformed"),
        ({"roles": [["admin"]]}, "token-malformed"),
    ],
)
def test_a_wrong_claim_has_its_code(changes: dict[str, Any], code: str) -> None:
    assert code_for(ISSUER.token(claims(**changes))) == code


def test_leeway_is_for_clocks_that_differ() -> None:
    assert verify(ISSUER.token(claims(exp=NOW - 29.5)))
    assert verify(ISSUER.token(claims(nbf=NOW + 30)))
    assert code_for(ISSUER.token(claims(exp=NOW)), replace(RULES, leeway=0.0)) == "token-expired"


@pytest.mark.parametrize("audience", ["api", "api2", ["x", "api"], ["api2"]])
def test_any_of_the_audiences_will_do(audience: Any) -> None:
    assert verify(ISSUER.token(claims(aud=audience)))


@pytest.mark.parametrize(
    ("given", "scopes"),
    [
        ({}, set()),
        ({"scope": ""}, set()),
        ({"scope": "a  b"}, {"a", "b"}),
        ({"scope": "a\u00a0b"}, {"a\u00a0b"}),
        ({"scope": ["a", "b c"]}, {"a", "b c"}),
        ({"scp": "a b"}, {"a", "b"}),
        ({"scp": ["a"]}, {"a"}),
        ({"scope": "", "scp": "admin"}, set()),
    ],
)
def test_scopes_are_read_as_providers_write_them(given: dict[str, Any], scopes: set[str]) -> None:
    assert verify(ISSUER.token(claims(**given))).principal.scopes == scopes


def test_claim_names_may_be_paths_or_have_dots() -> None:
    rules = replace(
        RULES,
        mapping=ClaimMapping(
            subject=("user.name",),
            roles=NamesFrom(("realm_access.roles",)),
            scopes=NamesFrom(("https://example.com/scopes",)),
        ),
        required_claims=("user.name", "email"),
    )
    given = {
        "sub": ...,
        "user": {"name": "ada"},
        "realm_access": {"roles": "admin"},
        "https://example.com/scopes": ["a"],
        "email": "ada@example.com",
    }
    principal = verify(ISSUER.token(claims(**given)), rules).principal
    assert principal.subject == "ada"
    assert principal.roles == {"admin"}
    assert principal.scopes == {"a"}
    assert code_for(ISSUER.token(claims(**{**given, "email": ...})), rules) == "token-malformed"
    assert code_for(ISSUER.token(claims(**{**given, "user": "ada"})), rules) == "token-malformed"


def test_log_details_hold_nothing_of_the_token() -> None:
    token = ISSUER.token(claims(sub=5, email="ada@example.com"))
    with pytest.raises(CredentialRefused) as caught:
        verify(token)
    assert "ada@example.com" not in caught.value.log_detail
    assert token.decode() not in caught.value.log_detail


def test_unverified_claims_are_bounded_and_strict_too() -> None:
    assert unverified_claims(ISSUER.token(claims()), MAX_TOKEN_BYTES)["iss"] == ISSUER.name
    for token in (b"a.b.c", b"A" * (MAX_TOKEN_BYTES + 1), ISSUER.signed(b'{"alg":"ES256"}', b"[]")):
        with pytest.raises(CredentialRefused):
            unverified_claims(token, MAX_TOKEN_BYTES)


# --- whatever is sent

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
_NAMES = st.sampled_from(["iss", "aud", "exp", "nbf", "iat", "sub", "scope", "scp", "roles"])


@given(st.binary(max_size=200) | st.lists(st.binary(max_size=40), min_size=3, max_size=3).map(_joined))
def test_no_bytes_raise_anything_but_a_refusal(token: bytes) -> None:
    with pytest.raises(CredentialRefused):
        verify(token)


@given(st.dictionaries(_NAMES, _JSON))
def test_no_signed_claims_raise_anything_but_a_refusal(changes: dict[str, Any]) -> None:
    try:
        verified = verify(ISSUER.token(claims(**changes)))
    except CredentialRefused:
        return
    assert isinstance(verified.principal.subject, str)
    assert verified.principal.claims["iss"] == ISSUER.name
