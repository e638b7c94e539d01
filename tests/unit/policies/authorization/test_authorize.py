"""What a caller must have been granted, and what it is told otherwise."""

from typing import Any

import pytest
from pydantic import ValidationError

from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.http.response import Response
from hotgate.identity.principal import Principal
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import CompileContext
from hotgate.pipeline.route import Route
from hotgate.policies.authorization.authorize import POLICY
from hotgate.policies.authorization.settings import AuthorizeSettings


def outcome(principal: Principal | None, **settings: Any) -> Response | None:
    (step,) = POLICY.compile(AuthorizeSettings.model_validate(settings), CompileContext("r"))
    assert step.phase is Phase.AUTHORIZE
    request = Request("GET", "/", Headers())
    exchange = Exchange(request, Route("r"), params={}, client="192.0.2.1", request_id="1", started=0.0)
    exchange.principal = principal
    found = step.run(exchange)
    assert found is None or isinstance(found, Response)
    return found


def code(principal: Principal | None, **settings: Any) -> str:
    response = outcome(principal, **settings)
    return "" if response is None else response.code


def caller(scopes: str = "", roles: str = "", groups: str = "") -> Principal:
    return Principal(
        "ada",
        provider="corp",
        mechanism="jwt",
        scopes=frozenset(scopes.split()),
        roles=frozenset(roles.split()),
        groups=frozenset(groups.split()),
    )


def test_all_scopes_are_needed() -> None:
    assert code(caller("a b c"), scopes=["a", "b"]) == ""
    assert code(caller("a"), scopes=["a", "b"]) == "insufficient-scope"


def test_any_scope_needs_one() -> None:
    assert code(caller("b"), any_scope=["a", "b"]) == ""
    assert code(caller("c"), any_scope=["a", "b"]) == "insufficient-scope"


def test_one_of_the_roles_is_needed() -> None:
    assert code(caller(roles="dev"), roles=["admin", "dev"]) == ""
    assert code(caller(roles="guest"), roles=["admin", "dev"]) == "forbidden"


def test_one_of_the_groups_is_needed() -> None:
    assert code(caller(groups="dev"), groups=["ops", "dev"]) == ""
    assert code(caller(groups="devs"), groups=["ops", "dev"]) == "forbidden"
    assert code(caller(roles="ops", scopes="ops"), groups=["ops"]) == "forbidden"


def test_everything_that_is_given_must_be_fulfilled() -> None:
    rules = {"scopes": ["a"], "any_scope": ["b", "c"], "roles": ["admin"]}
    assert code(caller("a c", "admin"), **rules) == ""
    assert code(caller("a", "admin"), **rules) == "insufficient-scope"
    assert code(caller("c", "admin"), **rules) == "insufficient-scope"
    assert code(caller("a c"), **rules) == "forbidden"


@pytest.mark.parametrize("scopes", ["", "orders", "orders:read2", "Orders:Read", "orders:*"])
def test_scopes_are_compared_as_a_whole(scopes: str) -> None:
    assert code(caller(scopes), scopes=["orders:read"]) == "insufficient-scope"


def test_a_caller_without_scope_learns_which_one_it_needs() -> None:
    response = outcome(caller(), scopes=["b", "a"], any_scope=["c", "a"])
    assert response is not None
    assert response.status == 403
    assert response.header("www-authenticate") == 'Bearer error="insufficient_scope", scope="b a c"'


def test_nobody_is_not_authorized() -> None:
    for rules in ({"scopes": ["a"]}, {"any_scope": ["a"]}, {"roles": ["a"]}):
        response = outcome(None, **rules)
        assert response is not None
        assert (response.status, response.code) == (401, "token-missing")
        assert response.header("www-authenticate") is not None


@pytest.mark.parametrize(
    "settings",
    [{}, {"scopes": []}, {"scopes": ['a"b']}, {"scopes": ["a b"]}, {"scopes": [""]}, {"roles": [5]}, {"scope": ["a"]}],
)
def test_settings_that_ask_for_nothing_or_nonsense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AuthorizeSettings.model_validate(settings)
