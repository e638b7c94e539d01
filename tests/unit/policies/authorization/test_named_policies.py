"""Named policies: what denies wins, what nothing allows is denied, and both say by which rule."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotgate.config.authorization import Rule
from hotgate.pipeline.policy import WrongSettings
from hotgate.policies.authorization.joined import JoinedConditions, joined
from hotgate.policies.authorization.rules import NamedPolicy, named_policy
from hotgate.policies.conditions.attributes import attributes_of
from hotgate.policies.conditions.condition import compile_condition
from hotgate.testing import make_exchange
from unit.policies.authorization.authorizing import asked, caller, compiled, decided

OWN = [
    {"name": "blocked", "deny": '"blocked" in principal.groups', "because": "Your account is blocked."},
    {"name": "owner", "allow": "path.owner == principal.subject"},
    {"name": "staff", "allow": '"staff" in principal.groups // of the house'},
]


def verdict(
    groups: str, owner: str, policies: tuple[str, ...] = ("own",), **more: Any
) -> tuple[tuple[str, str, bool, str], Any]:
    exchange = make_exchange(principal=caller(groups=groups), params={"owner": owner})
    return decided(compiled({"policies": list(policies)}, policies={"own": OWN, **more}), exchange), exchange.decision


@pytest.mark.parametrize(
    ("groups", "owner", "expected", "place"),
    [
        ("", "ada", ("", "owner", True, "its condition holds"), (1,)),
        ("staff", "bob", ("", "staff", True, "its condition holds"), (2,)),
        ("staff", "ada", ("", "owner", True, "its condition holds"), (1,)),
        ("", "bob", ("forbidden", "own", False, "no rule allows it"), ()),
        ("blocked", "ada", ("forbidden", "blocked", False, "its condition holds"), (0,)),
        ("staff blocked", "ada", ("forbidden", "blocked", False, "its condition holds"), (0,)),
    ],
)
def test_a_rule_decides(groups: str, owner: str, expected: tuple[str, str, bool, str], place: tuple[int, ...]) -> None:
    found, decision = verdict(groups, owner)
    assert found == expected
    assert decision.path == ("authorization", "policies", "own", *place)


def test_a_caller_is_told_why_if_the_rule_says_so_and_nothing_else() -> None:
    steps = compiled({"policies": ["own"]}, policies={"own": OWN})
    for groups, detail in (("blocked", b"Your account is blocked."), ("", b"This is not allowed.")):
        response = asked(steps, make_exchange(principal=caller(groups=groups), params={"owner": "bob"}))
        assert response is not None
        assert detail in (response.body or b"")


def test_what_a_decision_has_looked_at_can_be_told() -> None:
    exchange = make_exchange(principal=caller(groups="blocked"), params={"owner": "ada"})
    decided(compiled({"policies": ["own"]}, policies={"own": OWN}), exchange)
    assert exchange.decision is not None
    assert {name: read(exchange) for name, read in exchange.decision.attributes.items()} == {
        "principal.groups": ["blocked"]
    }


def test_every_named_policy_must_allow() -> None:
    hours = [{"name": "any", "allow": "true"}, {"name": "night", "deny": 'principal.subject == "owl"'}]
    assert verdict("", "ada", ("own", "hours"), hours=hours)[0][:2] == ("", "any")
    assert verdict("", "bob", ("own", "hours"), hours=hours)[0][:2] == ("forbidden", "own")
    assert verdict("", "bob", ("hours", "own"), hours=hours)[0][:2] == ("forbidden", "own")
    never = [{"name": "never", "allow": "false"}]
    assert verdict("", "ada", ("own", "never"), never=never)[0][:2] == ("forbidden", "never")
    assert verdict("", "ada", ("never", "own"), never=never)[0][:2] == ("forbidden", "never")


FAILS = "claims.missing == 1"


def test_a_rule_that_would_deny_and_fails_denies() -> None:
    rules = [{"name": "broken", "deny": FAILS, "because": "Never told."}, {"name": "all", "allow": "true"}]
    exchange = make_exchange(principal=caller())
    response = asked(compiled({"policies": ["p"]}, policies={"p": rules}), exchange)
    assert response is not None
    assert response.log_detail.startswith("broken: the condition failed: ")
    assert b"Never told" not in (response.body or b"")
    assert exchange.decision is not None
    assert exchange.decision.path == ("authorization", "policies", "p", 0)


def test_a_rule_that_would_allow_and_fails_allows_nothing_and_hinders_nobody() -> None:
    broken = {"name": "broken", "allow": FAILS}
    exchange = make_exchange(principal=caller())
    steps = compiled({"policies": ["p"]}, policies={"p": [broken]})
    code, rule, _, reason = decided(steps, exchange)
    assert (code, rule) == ("forbidden", "p")
    assert reason.startswith("the condition failed: broken: ")
    steps = compiled({"policies": ["p"]}, policies={"p": [broken, {"name": "all", "allow": "true"}]})
    assert decided(steps, exchange)[:2] == ("", "all")


def test_a_policy_is_compiled_for_each_route() -> None:
    rules = [{"name": "tenant", "allow": "path.tenant == principal.tenant"}, {"name": "b", "allow": "body.x == 1"}]
    with pytest.raises(WrongSettings) as caught:
        compiled({"policies": ["p"]}, policies={"p": rules})
    first, second = caught.value.problems
    assert (first.path, first.is_of_file) == (("authorization", "policies", "p", 0, "allow"), True)
    assert str(first).startswith("rule 'tenant' on route 'orders': at column ")
    assert "there is no attribute 'path.tenant'" in str(first)
    assert "say how large it may be: `body: 64KiB` in `authorize`" in str(second)


def test_a_policy_that_looks_at_the_body_is_asked_when_it_is_there() -> None:
    rules = [{"name": "small", "allow": "body.amount < 100"}, {"name": "late", "deny": 'principal.subject == "owl"'}]
    first, second = compiled({"policies": ["p"], "groups": ["a"], "body": "1KiB"}, policies={"p": rules})
    assert second.body_limit == 1024
    headers = {"content-type": "application/json"}
    exchange = make_exchange("POST", headers=headers, body=b'{"amount": 7}', principal=caller(groups="a"))
    assert decided([first, second], exchange)[:2] == ("", "small")


SOURCES = {"holds": "true // it does", "does not": "false", "fails": "claims.missing == 1", "text": '"a)" == "a)"'}
ONE = st.tuples(st.sampled_from(["allow", "deny"]), st.sampled_from(sorted(SOURCES)))
ATTRIBUTES = attributes_of((), {}, has_body=False)


def policy_of(name: str, rules: list[tuple[str, str]]) -> NamedPolicy:
    made = [Rule.model_validate({"name": f"r{n}", kind: SOURCES[what]}) for n, (kind, what) in enumerate(rules)]
    return named_policy(name, [(rule, compile_condition(rule.condition, ATTRIBUTES)) for rule in made])


def outcome(checks: Any) -> tuple[str, Any]:
    exchange = make_exchange(principal=caller())
    for check in checks:
        response = check(exchange)
        if response is not None:
            return response.log_detail, exchange.decision
    return "", exchange.decision


@given(
    st.lists(
        st.lists(ONE, min_size=1, max_size=4).filter(lambda r: any(k == "allow" for k, _ in r)), min_size=1, max_size=3
    )
)
def test_asked_all_at_once_conditions_say_what_they_say_one_after_the_other(
    policies: list[list[tuple[str, str]]],
) -> None:
    made = [policy_of(f"p{n}", rules) for n, rules in enumerate(policies)]
    assert outcome(joined(made, ATTRIBUTES)) == outcome(made)


def test_conditions_are_asked_all_at_once_where_that_can_be() -> None:
    (check,) = joined([policy_of("p", [("allow", "holds"), ("deny", "does not")])], ATTRIBUTES)
    assert isinstance(check, JoinedConditions)
    (check,) = joined([policy_of("p", [("allow", "holds")])], ATTRIBUTES)
    assert isinstance(check, NamedPolicy)


def test_too_many_rules_for_one_expression_are_asked_one_after_the_other() -> None:
    many = [policy_of("p", [("allow", "does not")] * 63 + [("allow", "holds")])]
    assert joined(many, ATTRIBUTES) == many
    assert outcome(many)[1].rule == "r63"


def test_sixty_four_rules_that_deny_are_no_problem() -> None:
    """The depth of an expression is bounded, not its breadth."""
    many = [policy_of("p", [("deny", "does not")] * 63 + [("allow", "holds")])]
    assert outcome(joined(many, ATTRIBUTES)) == outcome(many)


@pytest.mark.parametrize(("first", "second"), list(product(sorted(SOURCES), repeat=2)))
def test_when_and_a_policy_are_joined_too(first: str, second: str) -> None:
    policies = {"p": [{"name": "r", "allow": SOURCES[second]}]}
    steps = compiled(
        {"when": SOURCES[first], "policies": ["p"], "methods": {"GET": {"when": "true"}}}, policies=policies
    )
    code, rule, _, _ = decided(steps, make_exchange(principal=caller()))
    good = {"holds", "text"}
    expected = ("", "when") if {first, second} <= good else ("forbidden", "when" if first not in good else "p")
    assert (code, rule) == expected
