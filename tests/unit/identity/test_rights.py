"""Roles and what they allow: inherited, given, and worked out once for each principal."""

from typing import Any

import pytest

from hotgate.config.authorization import Role
from hotgate.identity import rights as module
from hotgate.identity.principal import Principal
from hotgate.identity.rights import RoleBook


def book(**roles: dict[str, Any]) -> RoleBook:
    return RoleBook({name: Role.model_validate(role) for name, role in roles.items()})


def caller(roles: str = "", groups: str = "", **more: Any) -> Principal:
    facts = {"provider": "corp", "mechanism": "jwt", **more}
    subject = facts.pop("subject", "ada")
    return Principal(subject, roles=frozenset(roles.split()), groups=frozenset(groups.split()), **facts)


BOOK = book(
    reader={"permissions": ["orders:read"]},
    writer={"permissions": ["orders:write"], "inherits": ["reader"]},
    auditor={"permissions": ["logs:read"]},
    chief={"inherits": ["writer", "auditor"], "permissions": ["staff:hire"]},
)


@pytest.mark.parametrize(
    ("roles", "everything", "permissions"),
    [
        ("", "", ""),
        ("reader", "reader", "orders:read"),
        ("writer", "reader writer", "orders:read orders:write"),
        ("chief", "auditor chief reader writer", "logs:read orders:read orders:write staff:hire"),
        ("writer auditor", "auditor reader writer", "logs:read orders:read orders:write"),
        ("unknown", "unknown", ""),
        ("Chief", "Chief", ""),
    ],
)
def test_roles_have_what_they_inherit(roles: str, everything: str, permissions: str) -> None:
    rights = BOOK.rights_of(caller(roles))
    assert rights.role_list == sorted(rights.roles) == everything.split()
    assert rights.permission_list == sorted(rights.permissions) == permissions.split()


def test_nobody_has_no_rights() -> None:
    assert BOOK.rights_of(None).role_list == BOOK.rights_of(None).permission_list == []


@pytest.mark.parametrize(
    ("given_to", "who", "has_it"),
    [
        ({"group": "staff"}, caller(groups="staff"), True),
        ({"group": "staff"}, caller(groups="staffs Staff"), False),
        ({"group": "staff"}, caller("staff"), False),
        ({"claim": {"department": "sales"}}, caller(claims={"department": "sales"}), True),
        ({"claim": {"department": "sales"}}, caller(claims={"department": ["it", "sales"]}), True),
        ({"claim": {"department": "sales"}}, caller(claims={"department": "sales2"}), False),
        ({"claim": {"department": "sales"}}, caller(claims={"department": {"sales": 1}}), False),
        ({"claim": {"department": "sales"}}, caller(), False),
        ({"claim": {"level": 1}}, caller(claims={"level": 1}), True),
        ({"claim": {"level": 1}}, caller(claims={"level": True}), False),
        ({"claim": {"level": 1}}, caller(claims={"level": 1.0}), False),
        ({"claim": {"level": 1}}, caller(claims={"level": "1"}), False),
        ({"claim": {"level": "1"}}, caller(claims={"level": 1}), False),
        ({"claim": {"staff": True}}, caller(claims={"staff": True}), True),
        ({"claim": {"staff": True}}, caller(claims={"staff": 1}), False),
        ({"claim": {"staff": True}}, caller(claims={"staff": "true"}), False),
        ({"claim": {"a": "1", "b": "2"}}, caller(claims={"a": "1"}), False),
        ({"claim": {"a": "1", "b": "2"}}, caller(claims={"a": "1", "b": "2"}), True),
        ({"consumer": "acme"}, caller(subject="acme", mechanism="api_key"), True),
        ({"consumer": "acme"}, caller(subject="acme", mechanism="mtls"), True),
        ({"consumer": "acme"}, caller(subject="acme", mechanism="jwt"), False),
        ({"consumer": "acme"}, caller(subject="acme", mechanism="oidc"), False),
        ({"consumer": "acme"}, caller(subject="acme", mechanism="ldap"), False),
        ({"consumer": "acme"}, caller(subject="Acme", mechanism="api_key"), False),
        ({"subject": "ada", "provider": "corp"}, caller(), True),
        ({"subject": "ada", "provider": "corp"}, caller(provider="partners"), False),
        ({"provider": "corp"}, caller(), True),
        ({"group": "staff", "provider": "corp"}, caller(groups="staff", provider="partners"), False),
        ({"group": "staff", "provider": "corp"}, caller(groups="staff"), True),
    ],
)
def test_roles_are_given(given_to: dict[str, Any], who: Principal, *, has_it: bool) -> None:
    roles = book(clerk={"given_to": [given_to], "inherits": ["reader"]}, reader={"permissions": ["orders:read"]})
    assert ("clerk" in roles.rights_of(who).roles) is has_it
    assert ("orders:read" in roles.rights_of(who).permissions) is has_it


def test_any_entry_is_enough() -> None:
    roles = book(clerk={"given_to": [{"group": "a"}, {"group": "b"}]})
    assert roles.rights_of(caller(groups="b")).role_list == ["clerk"]


def test_a_circle_ends() -> None:
    """It is an error of the configuration; but what works rights out does not hang on that."""
    roles = book(a={"inherits": ["b"], "permissions": ["x"]}, b={"inherits": ["a"], "permissions": ["y"]})
    assert roles.rights_of(caller("a")).permission_list == ["x", "y"]


def test_rights_are_worked_out_once_for_a_principal_and_never_for_another() -> None:
    ada, bob = caller("reader"), caller("writer")
    assert BOOK.rights_of(ada) is BOOK.rights_of(ada)
    assert BOOK.rights_of(bob) is not BOOK.rights_of(ada)
    promoted = caller("writer")
    assert BOOK.rights_of(promoted).permissions > BOOK.rights_of(ada).permissions


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_KNOWN", 10)
    roles = book(reader={"permissions": ["orders:read"]})
    for _ in range(100):
        assert roles.rights_of(caller("reader")).permission_list == ["orders:read"]
    assert len(roles._known) <= 10
