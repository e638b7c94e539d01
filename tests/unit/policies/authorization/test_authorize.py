"""What a caller must have been granted, and what it is told otherwise."""

from typing import Any

import pytest
from pydantic import ValidationError

from hotgate.http.response import Response
from hotgate.identity.principal import Principal
from hotgate.pipeline.phase import Phase
from hotgate.policies.authorization.settings import AuthorizeSettings
from hotgate.testing import make_exchange
from unit.policies.authorization.authorizing import PLACE, asked, caller, compiled, decided


def outcome(principal: Principal | None, **settings: Any) -> Response | None:
    (step,) = compiled(settings)
    assert step.phase is Phase.AUTHORIZE
    return asked([step], make_exchange(principal=principal))


def code(principal: Principal | None, **settings: Any) -> str:
    response = outcome(principal, **settings)
    return "" if response is None else response.code


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


ROLES = {
    "reader": {"permissions": ["orders:read"]},
    "clerk": {"inherits": ["reader"], "permissions": ["orders:write"]},
    "boss": {"inherits": ["clerk"], "given_to": [{"group": "board"}]},
}


@pytest.mark.parametrize(
    ("principal", "permissions", "expected"),
    [
        (caller(roles="reader"), ["orders:read"], ""),
        (caller(roles="reader"), ["orders:read", "orders:write"], "forbidden"),
        (caller(roles="clerk"), ["orders:read", "orders:write"], ""),
        (caller(groups="board"), ["orders:write"], ""),
        (caller(scopes="orders:write", groups="orders:write"), ["orders:write"], "forbidden"),
        (caller(roles="orders:write"), ["orders:write"], "forbidden"),
        (caller(roles="Clerk CLERK clerk2 cler"), ["orders:read"], "forbidden"),
    ],
)
def test_permissions_come_from_roles_alone(principal: Principal, permissions: list[str], expected: str) -> None:
    response = asked(compiled({"permissions": permissions}, roles=ROLES), make_exchange(principal=principal))
    assert ("" if response is None else response.code) == expected


@pytest.mark.parametrize("granted", ["orders:writeall", "orders:writ", "order:write", "orders", "orders:write:all"])
def test_a_permission_is_no_prefix_of_another(granted: str) -> None:
    roles = {"clerk": {"permissions": [granted]}, "boss": {"permissions": ["orders:write"]}}
    response = asked(
        compiled({"permissions": ["orders:write"]}, roles=roles), make_exchange(principal=caller(roles="clerk"))
    )
    assert response is not None
    assert response.code == "forbidden"


def test_roles_are_inherited() -> None:
    steps = compiled({"roles": ["reader"]}, roles=ROLES)
    assert asked(steps, make_exchange(principal=caller(groups="board"))) is None
    assert (
        asked(compiled({"roles": ["boss"]}, roles=ROLES), make_exchange(principal=caller(roles="reader"))) is not None
    )


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"scopes": ["a", "b"]}, ("insufficient-scope", "scopes", False, "needs a, b")),
        ({"any_scope": ["b", "c"]}, ("insufficient-scope", "any_scope", False, "needs b, c")),
        ({"roles": ["x"]}, ("forbidden", "roles", False, "needs x")),
        ({"groups": ["x"]}, ("forbidden", "groups", False, "needs x")),
        ({"permissions": ["orders:write"]}, ("forbidden", "permissions", False, "needs orders:write")),
        ({"when": "false && principal.is_anonymous"}, ("forbidden", "when", False, "its condition does not hold")),
    ],
)
def test_a_denial_says_by_which_key(settings: dict[str, Any], expected: tuple[str, str, bool, str]) -> None:
    exchange = make_exchange(principal=caller("a"))
    assert decided(compiled(settings, roles=ROLES), exchange) == expected
    assert exchange.decision is not None
    assert exchange.decision.path == (*PLACE, expected[1])


def test_what_is_allowed_says_by_what_and_what_was_looked_at() -> None:
    exchange = make_exchange(principal=caller("a", "clerk"))
    assert decided(compiled({"scopes": ["a"], "roles": ["reader"]}, roles=ROLES), exchange)[1] == "scopes, roles"
    assert exchange.decision is not None
    assert exchange.decision.path == PLACE
    looked_at = {name: read(exchange) for name, read in exchange.decision.attributes.items()}
    assert looked_at == {"principal.scopes": ["a"], "principal.roles": ["clerk", "reader"]}


def test_a_decision_that_is_always_alike_is_made_once() -> None:
    steps = compiled({"scopes": ["a"], "when": "true || principal.is_anonymous"})
    decisions = []
    for scopes in ("a", "a", "", ""):
        exchange = make_exchange(principal=caller(scopes))
        asked(steps, exchange)
        decisions.append(exchange.decision)
    assert decisions[0] is decisions[1]
    assert decisions[2] is decisions[3]


def test_operators_learn_what_was_lacking_and_clients_do_not() -> None:
    response = outcome(caller(), groups=["secret-group"])
    assert response is not None
    assert response.log_detail == "groups: needs secret-group"
    assert b"secret-group" not in (response.body or b"")


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"scopes": []},
        {"body": "1KiB"},
        {"methods": {}},
        {"when": ""},
        {"when": " "},
        {"permissions": ["orders:*"]},
        {"permissions": ["*"]},
        {"scopes": ['a"b']},
        {"scopes": ["a b"]},
        {"scopes": [""]},
        {"roles": [5]},
        {"scope": ["a"]},
    ],
)
def test_settings_that_ask_for_nothing_or_nonsense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AuthorizeSettings.model_validate(settings)
