"""Where tokens may stand, that there is one only, and what is made of cookies that another site has caused."""

from typing import Any

import pytest
from pydantic import ValidationError

from hotgate.http.headers import Field, Headers
from hotgate.http.request import Request
from hotgate.identity.refusal import CredentialRefused
from hotgate.policies.tokens.token_places import TokenPlaces

ALL: dict[str, Any] = {"header": "X-Token", "cookie": "session", "query": "access_token", "subprotocol": "bearer."}
BEARER = (b"authorization", b"Bearer t")
HEADER = (b"x-token", b"t")
COOKIE = (b"cookie", b"a=1; session=t")
SUBPROTOCOL = (b"sec-websocket-protocol", b"chat, bearer.t")


def found(places: dict[str, Any], *fields: Field, query: bytes = b"", method: str = "GET") -> bytes | None:
    finder = TokenPlaces.model_validate(places).finder()
    request = Request(method, "/", Headers(list(fields)), query=query, authority=b"api.test")
    value = finder.find(request)
    return None if value is None else finder.token(value)


@pytest.mark.parametrize("field", [BEARER, HEADER, COOKIE, SUBPROTOCOL])
def test_a_token_is_found_where_it_may_stand(field: Field) -> None:
    assert found(ALL, field) == b"t"
    assert found(ALL, query=b"a=1&access_token=t") == b"t"


@pytest.mark.parametrize("field", [HEADER, COOKIE, SUBPROTOCOL])
def test_by_default_only_the_authorization_field_counts(field: Field) -> None:
    assert found({}, field, query=b"access_token=t") is None
    assert found({}, BEARER) == b"t"


def test_the_authorization_field_can_be_left_to_somebody_else() -> None:
    assert found({"bearer": False, "header": "X-Token"}, BEARER) is None
    assert found({"bearer": False, "header": "X-Token"}, BEARER, HEADER) == b"t"


@pytest.mark.parametrize(
    ("fields", "query"),
    [
        ((BEARER, HEADER), b""),
        ((BEARER, COOKIE), b""),
        ((HEADER, SUBPROTOCOL), b""),
        ((BEARER,), b"access_token=t"),
        ((), b"access_token=t&access_token=t"),
        ((), b"access_token=t&access%5Ftoken=t"),
        ((BEARER, BEARER), b""),
        ((HEADER, HEADER), b""),
        ((COOKIE, COOKIE), b""),
        ((SUBPROTOCOL, SUBPROTOCOL), b""),
    ],
)
def test_two_tokens_are_refused_even_if_they_are_the_same(fields: tuple[Field, ...], query: bytes) -> None:
    """The backend, or a proxy behind us, may take the other one."""
    with pytest.raises(CredentialRefused) as caught:
        found(ALL, *fields, query=query)
    assert caught.value.code == "token-malformed"


def test_a_cookie_of_another_site_is_refused_before_the_token_is_looked_at() -> None:
    foreign = (b"origin", b"https://evil.test")
    with pytest.raises(CredentialRefused) as caught:
        found(ALL, COOKIE, foreign, method="POST")
    assert caught.value.code == "cross-site-request"
    assert found(ALL, HEADER, foreign, method="POST") == b"t"  # no browser sends that one by itself
    assert found(ALL, COOKIE, method="POST") == b"t"


@pytest.mark.parametrize(
    "places",
    [
        {"bearer": False},
        {"header": "cookie"},
        {"header": "Host"},
        {"header": "x-auth-subject"},
        {"header": "X-Forwarded-For"},
        {"header": "content-type"},
        {"header": "a b"},
        {"cookie": "a=b"},
        {"cookie": ""},
        {"query": "a&b"},
        {"subprotocol": "a,b"},
        {"body": "token"},
    ],
)
def test_impossible_places_are_refused(places: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TokenPlaces.model_validate(places)
