"""What a method needs; and that no other spelling of a request escapes it."""

from typing import Any

import pytest
from pydantic import ValidationError

from hotgate.policies.authorization.settings import AuthorizeSettings
from hotgate.testing import make_exchange
from unit.policies.authorization.authorizing import PLACE, asked, caller, compiled, decided

RULES = {"scopes": ["read"], "methods": {"GET": {}, "POST": {"scopes": ["write"], "roles": ["clerk"]}}}


def code(method: str, scopes: str = "", roles: str = "", settings: dict[str, Any] = RULES) -> str:
    response = asked(compiled(settings), make_exchange(method, principal=caller(scopes, roles)))
    return "" if response is None else response.code


def test_a_method_needs_what_is_said_of_it_and_of_all() -> None:
    assert code("GET", "read") == ""
    assert code("GET") == "insufficient-scope"
    assert code("POST", "read write", "clerk") == ""
    assert code("POST", "read", "clerk") == "insufficient-scope"
    assert code("POST", "write", "clerk") == "insufficient-scope"
    assert code("POST", "read write") == "forbidden"


@pytest.mark.parametrize("method", ["DELETE", "PUT", "OPTIONS", "TRACE", "CONNECT", "get", "Post", "POST ", "BREW", ""])
def test_a_method_that_is_not_listed_is_denied(method: str) -> None:
    exchange = make_exchange(method, principal=caller("read write", "clerk"))
    assert decided(compiled(RULES), exchange) == ("forbidden", "methods", False, "the method is not listed")
    assert exchange.decision is not None
    assert exchange.decision.path == (*PLACE, "methods")


def test_a_star_stands_for_all_that_are_not_listed() -> None:
    settings = {"methods": {"GET": {"scopes": ["read"]}, "*": {"scopes": ["any"]}}}
    assert code("DELETE", "any", settings=settings) == ""
    assert code("BREW", "read", settings=settings) == "insufficient-scope"
    assert code("GET", "any", settings=settings) == "insufficient-scope"


def test_head_is_held_to_what_get_needs() -> None:
    """Length and fields of an answer tell a lot; and a HEAD that some backend answers like a GET tells all."""
    settings = {"methods": {"GET": {"scopes": ["read"]}, "*": {}}}
    assert code("HEAD", settings=settings) == "insufficient-scope"
    assert code("HEAD", "read", settings=settings) == ""
    assert code("HEAD", settings={"methods": {"*": {"scopes": ["read"]}}}) == "insufficient-scope"
    assert code("HEAD", settings={"methods": {"POST": {}}}) == "forbidden"


def test_a_method_that_a_field_asks_for_does_not_count() -> None:
    exchange = make_exchange("GET", headers={"X-HTTP-Method-Override": "DELETE"}, principal=caller("read"))
    assert asked(compiled(RULES), exchange) is None
    exchange = make_exchange("DELETE", headers={"X-HTTP-Method-Override": "GET"}, principal=caller("read"))
    assert asked(compiled(RULES), exchange) is not None


def test_the_challenge_names_every_scope_of_the_method() -> None:
    response = asked(compiled(RULES), make_exchange("POST", principal=caller("write")))
    assert response is not None
    assert response.header("www-authenticate") == 'Bearer error="insufficient_scope", scope="read write"'


def test_a_decision_names_the_key_of_the_method() -> None:
    exchange = make_exchange("POST", principal=caller("read"))
    decided(compiled(RULES), exchange)
    assert exchange.decision is not None
    assert exchange.decision.path == (*PLACE, "methods", "POST", "scopes")
    exchange = make_exchange("POST", principal=caller("read write", "clerk"))
    assert decided(compiled(RULES), exchange) == ("", "scopes, roles", True, "nothing is lacking")
    assert exchange.decision is not None
    assert exchange.decision.path == (*PLACE, "methods", "POST")


def test_nobody_is_told_which_methods_there_are() -> None:
    response = asked(compiled(RULES), make_exchange("DELETE"))
    assert response is not None
    assert (response.status, response.code) == (401, "token-missing")


@pytest.mark.parametrize("method", ["HEAD", "get", "GET POST", "", "GET,POST"])
def test_what_is_no_method_is_refused(method: str) -> None:
    with pytest.raises(ValidationError):
        AuthorizeSettings.model_validate({"methods": {method: {"scopes": ["a"]}}})


@pytest.mark.parametrize(
    ("served", "methods", "denied"),
    [
        (["GET", "HEAD", "POST"], {"GET": {}, "POST": {}}, ""),
        (["GET", "HEAD", "DELETE", "PUT"], {"GET": {}}, "the route is for DELETE, PUT, and always denies it"),
        (["HEAD"], {"POST": {}}, "the route is for HEAD, and always denies it"),
        (["DELETE"], {"GET": {}, "*": {}}, ""),
        ([], {"GET": {}}, ""),
    ],
)
def test_a_method_that_a_route_is_for_and_denies_is_doubtful(
    served: list[str], methods: dict[str, Any], denied: str
) -> None:
    settings = AuthorizeSettings.model_validate({"methods": {**methods, "PATCH": {}}})
    assert [message for _, message, _ in settings.dangers(served)] == ([denied] if denied else [])
