"""Answers of an introspection endpoint: which are believed, and what lies may look like."""

import json
from typing import Any

import pytest

from hotgate.control.download import FetchFailed
from hotgate.control.oauth.endpoint_call import Answer
from hotgate.control.oauth.introspection_answer import MAX_ANSWER, MEDIA_TYPES, AnswerKind, AnswerReader, Introspected
from hotgate.identity.refusal import CredentialRefused, KeySetUnavailable
from hotgate.identity.verification_keys.key_set import KeySet
from hotgate.testing.issuer import Issuer

NOW = 1_800_000_000.0
IDP = Issuer("https://idp.test")
STRANGER = Issuer("https://idp.test")
ACTIVE: dict[str, Any] = {"active": True, "sub": "ada", "exp": NOW + 60}


def reader(kind: AnswerKind, issuer: Issuer | None = IDP) -> AnswerReader:
    keys = KeySet("idp")
    if issuer is not None:
        keys.replace(issuer.jwks())
    return AnswerReader(kind, IDP.name, "gateway", frozenset({"ES256"}), lambda: keys, lambda: NOW)


def read(kind: AnswerKind, body: bytes, media_type: str | None = None, status: int = 200) -> Introspected:
    return reader(kind).read(Answer(status, MEDIA_TYPES[kind] if media_type is None else media_type, body))


def as_json(members: Any) -> bytes:
    return json.dumps(members).encode()


def signed(members: Any = ACTIVE, header: dict[str, Any] | None = None, by: Issuer = IDP, **changes: Any) -> bytes:
    claims = {"iss": IDP.name, "aud": "gateway", "iat": NOW, "token_introspection": members, **changes}
    present = {name: value for name, value in claims.items() if value is not None}
    return by.token(present, {"typ": "token-introspection+jwt", **(header or {})})


def test_an_active_token() -> None:
    found = read("json", as_json(ACTIVE))
    assert (found.is_active, json.loads(found.claims), found.expires, found.jwt) == (True, ACTIVE, NOW + 60, "")


def test_an_inactive_token_says_nothing_more() -> None:
    assert read("json", as_json({"active": False, "sub": "ada"})) == Introspected(is_active=False)


@pytest.mark.parametrize(
    "body",
    [
        as_json({"active": "true"}),
        as_json({"active": 1}),
        as_json({"active": None}),
        as_json({"active": [True]}),
        as_json({"sub": "ada"}),
        as_json([ACTIVE]),
        as_json("active"),
        b"",
        b"\xff\xfe",
        b'{"active": false, "active": true}',
        b'{"active": true, "sub": "bob", "sub": "ada"}',
        b'{"active": true, "n": NaN}',
        b'{"active": true, "sub": "\\ud800"}',
        b'{"active": true, "deep": ' + b"[" * 20 + b"]" * 20 + b"}",
        b'{"active": true, "deep": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
        as_json({"active": True, "exp": "tomorrow"}),
        as_json({"active": True, "exp": True}),
        as_json({**ACTIVE, "x": "y" * MAX_ANSWER}),
    ],
)
def test_what_is_no_answer(body: bytes) -> None:
    with pytest.raises(FetchFailed):
        read("json", body)


@pytest.mark.parametrize("status", [204, 301, 302, 400, 401, 500])
@pytest.mark.parametrize("kind", ["json", "signed"])
def test_only_200_is_an_answer(kind: AnswerKind, status: int) -> None:
    with pytest.raises(FetchFailed, match=f"status {status}"):
        read(kind, as_json(ACTIVE), status=status)


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [
        ("json", "text/html"),
        ("json", ""),
        ("json", "application/jwt"),
        ("signed", "application/json"),
        ("signed", "application/jwt"),
        ("jwt", "application/token-introspection+jwt"),
        ("jwt", "text/plain"),
    ],
)
def test_an_answer_of_another_kind_is_none(kind: AnswerKind, media_type: str) -> None:
    with pytest.raises(FetchFailed):
        read(kind, as_json(ACTIVE), media_type)


def test_a_signed_answer() -> None:
    found = read("signed", signed())
    assert (found.is_active, json.loads(found.claims), found.expires) == (True, ACTIVE, NOW + 60)
    assert found.jwt.count(".") == 2
    assert read("signed", signed({"active": False})) == Introspected(is_active=False)
    assert read("signed", signed(aud=["other", "gateway"])).is_active


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.test"},
        {"iss": None},
        {"aud": "another-gateway"},
        {"aud": ["another-gateway"]},
        {"aud": None},
        {"aud": {"gateway": 1}},
        {"iat": None},
        {"iat": NOW - 91},
        {"iat": NOW + 31},
        {"token_introspection": None},
        {"token_introspection": [ACTIVE]},
        {"token_introspection": {"active": "true"}},
    ],
)
def test_a_signed_answer_must_be_meant_for_us_and_made_now(changes: dict[str, Any]) -> None:
    with pytest.raises(FetchFailed):
        read("signed", signed(**changes))


@pytest.mark.parametrize("typ", ["JWT", "at+jwt", None, "dpop+jwt", "logout+jwt"])
def test_another_token_of_the_issuer_is_no_answer(typ: str | None) -> None:
    """An access token that holds the right members, say, which whoever writes claims could have arranged."""
    with pytest.raises(CredentialRefused, match="typ"):
        read("signed", signed(header={"typ": typ}))


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256"])
def test_an_algorithm_that_was_not_agreed_on(algorithm: str) -> None:
    with pytest.raises(CredentialRefused):
        read("signed", signed(header={"alg": algorithm}))


def test_somebody_elses_key() -> None:
    with pytest.raises(CredentialRefused, match="token-signature-invalid"):
        read("signed", signed(by=STRANGER))
    with pytest.raises(CredentialRefused, match="key-unknown"):
        read("signed", signed(header={"kid": "k2"}))


def test_a_changed_answer() -> None:
    head, payload, signature = signed().split(b".")
    _, other, _ = signed({**ACTIVE, "sub": "eve"}).split(b".")
    assert other != payload
    with pytest.raises(CredentialRefused, match="token-signature-invalid"):
        read("signed", b".".join((head, other, signature)))


def test_without_keys_nothing_is_believed() -> None:
    with pytest.raises(KeySetUnavailable):
        reader("signed", None).read(Answer(200, MEDIA_TYPES["signed"], signed()))


def phantom(header: dict[str, Any] | None = None, by: Issuer = IDP, **changes: Any) -> bytes:
    return by.token({"iss": IDP.name, "aud": "api", "sub": "ada", "exp": NOW + 60, **changes}, header)


def test_the_token_that_an_opaque_one_stands_for() -> None:
    token = phantom()
    found = read("jwt", token + b"\n")
    assert (found.is_active, json.loads(found.claims)["sub"], found.expires) == (True, "ada", NOW + 60)
    assert found.jwt.encode() == token


@pytest.mark.parametrize(
    ("status", "media_type", "body"),
    [(204, "", b""), (200, "application/json", b'{"active": false}')],
)
def test_where_there_is_no_such_token(status: int, media_type: str, body: bytes) -> None:
    assert read("jwt", body, media_type, status) == Introspected(is_active=False)


@pytest.mark.parametrize(
    ("status", "body"), [(200, as_json(ACTIVE)), (200, b"{}"), (500, b'{"active": false}'), (200, b"[]")]
)
def test_the_word_of_somebody_unsigned_lets_nobody_in(status: int, body: bytes) -> None:
    with pytest.raises(FetchFailed):
        read("jwt", body, "application/json", status)


def test_a_signed_answer_is_no_access_token() -> None:
    with pytest.raises(CredentialRefused, match="typ"):
        read("jwt", signed())
    with pytest.raises(FetchFailed, match="another issuer"):
        read("jwt", phantom(iss="https://evil.test"))
    with pytest.raises(CredentialRefused):
        read("jwt", phantom(by=STRANGER))


def test_no_repr_shows_what_an_answer_says() -> None:
    assert "ada" not in repr(read("json", as_json(ACTIVE)))
    assert "eyJ" not in repr(read("signed", signed()))
