"""Claims that are declared: what is misspelt, or compared with what it cannot be, shows before a request comes."""

import re
from typing import Any

import pytest

from hotgate.policies.conditions.attributes import attributes_of
from hotgate.policies.conditions.condition import ConditionFailed, compile_condition
from hotgate.testing import make_exchange, make_principal

ATTRIBUTES = attributes_of(
    (),
    {},
    has_body=False,
    claims={
        "department": "string",
        "level": "int",
        "share": "double",
        "staff": "bool",
        "teams": "list",
        "address": "map",
        "https://example.com/plan": "string",
        "extra": "any",
    },
)


def holds(source: str, **claims: Any) -> bool:
    return compile_condition(source, ATTRIBUTES).holds(make_exchange(principal=make_principal(claims=claims)))


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ('claims.departmnt == "sales"', "at column 1 of the expression: 'departmnt' is not declared; did you mean"),
        ("has(claims.levels)", "at column 5 of the expression: 'levels' is not declared; did you mean 'level'?"),
        ('claims["nonsense"] == 1', "'nonsense' is not declared; declare it in `authorization.claims`"),
        ('"lvl" in claims', "'lvl' is not declared"),
        ('claims.teams.exists(t, t == "a" && claims.levl > 1)', "'levl' is not declared"),
        ('claims.exists(name, name == "x")', "name what is looked at, as `claims.department`"),
        ("claims[principal.subject] == 1", "name what is looked at"),
        ("claims.department == 1", "at column 19 of the expression: compares string with int"),
        ('claims.level < "3"', "compares int with string"),
        ('"true" == claims["staff"]', "compares string with bool"),
        ("claims.teams == claims.level", "compares list with int"),
        ('claims.address != "x"', "compares map with string"),
    ],
)
def test_what_can_never_be_is_an_error(source: str, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        compile_condition(source, ATTRIBUTES)


@pytest.mark.parametrize(
    "source",
    [
        'claims.department == "sales" && has(claims.level) && claims.level > 2 && claims.level < 9.5',
        'claims.staff && "a" in claims.teams && claims.share == 1.0 && claims.share == 1',
        'claims.address.city == "Athens" && claims["https://example.com/plan"] == "gold"',
        'claims.extra == 3 || claims.extra == "x"',
        '"level" in claims && has(claims.level) == true',
        'principal.groups.map(claims, claims + "x") == []',
    ],
)
def test_what_is_declared_can_be_asked(source: str) -> None:
    given = {
        "department": "sales",
        "level": 3,
        "share": 1,
        "staff": True,
        "teams": ["a"],
        "address": {"city": "Athens"},
        "https://example.com/plan": "gold",
        "extra": "x",
        "undeclared": 5,
    }
    assert holds(source, **given)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("department", 7),
        ("level", "3"),
        ("level", True),
        ("level", 3.5),
        ("share", False),
        ("staff", 1),
        ("staff", "true"),
        ("teams", "a"),
        ("address", ["a"]),
        ("department", None),
    ],
)
def test_a_claim_of_another_kind_is_not_there(name: str, value: object) -> None:
    assert not holds(f"has(claims.{name})", **{name: value})
    with pytest.raises(ConditionFailed, match="a member is not there"):
        holds(f"claims.{name} == claims.{name}", **{name: value})


def test_nobody_has_no_claims() -> None:
    assert not compile_condition("has(claims.level)", ATTRIBUTES).holds(make_exchange())
