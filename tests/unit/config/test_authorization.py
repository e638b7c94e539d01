"""`authorization:`: names that must exist, circles, and rules that decide nothing, each with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from hotgate.config.authorization import Authorization

if TYPE_CHECKING:
    from collections.abc import Callable

    Errors = Callable[[str], list[str]]


def test_a_role_can_only_inherit_from_roles(routes_of: Errors) -> None:
    assert routes_of("""\
        authorization:
          roles:
            clerk: {inherits: [raeder]}
            reader: {permissions: ["orders:read"]}
        """) == [
        "hotgate.yaml:5:24: authorization.roles.clerk.inherits[0]: there is no role 'raeder'; did you mean 'reader'?"
    ]


def test_a_circle_is_told_once_at_the_first_of_its_roles(routes_of: Errors) -> None:
    assert routes_of("""\
        authorization:
          roles:
            outside: {inherits: [a]}
            a: {inherits: [b]}
            b: {inherits: [free, c]}
            c: {inherits: [a]}
            free: {}
            self: {inherits: [self]}
        """) == [
        "hotgate.yaml:6:19: authorization.roles.a.inherits: roles inherit from each other: 'a' → 'b' → 'c' → 'a'",
        "hotgate.yaml:10:22: authorization.roles.self.inherits: roles inherit from each other: 'self' → 'self'",
    ]


def test_a_role_is_given_to_nobody_by_a_misspelt_provider_or_claim(routes_of: Errors) -> None:
    assert routes_of("""\
        identity:
          corp: {api_key: {}}
        authorization:
          claims: {department: string, level: int, teams: list, rate: double, active: bool, more: any, address: map}
          roles:
            wrong:
              given_to:
                - {group: staff, provider: crop}
                - {claim: {departmnt: sales}}
                - {claim: {level: "3"}}
                - {claim: {active: 1}}
                - {claim: {address: home}}
            right:
              given_to:
                - {claim: {department: sales, level: 3, teams: a, rate: 2, active: true, more: x}, provider: corp}
        """) == [
        "hotgate.yaml:10:36: authorization.roles.wrong.given_to[0].provider: there is no identity 'crop'; "
        "did you mean 'corp'?",
        "hotgate.yaml:11:20: authorization.roles.wrong.given_to[1].claim.departmnt: there is no claim 'departmnt'; "
        "did you mean 'department'?",
        "hotgate.yaml:12:27: authorization.roles.wrong.given_to[2].claim.level: the claim is declared as int, "
        "so this never fits",
        "hotgate.yaml:13:28: authorization.roles.wrong.given_to[3].claim.active: the claim is declared as bool, "
        "so this never fits",
        "hotgate.yaml:14:29: authorization.roles.wrong.given_to[4].claim.address: the claim is declared as map, "
        "so this never fits",
    ]


def test_many_roles_without_a_circle_take_no_time(routes_of: Errors) -> None:
    """Each inherits from all before it: ways from the last to the first are as many as 2 to the power of 300."""
    roles = "".join(
        f"    r{n}: {{inherits: [{', '.join(f'r{m}' for m in range(max(0, n - 60), n))}]}}\n" for n in range(300)
    )
    (error,) = routes_of(f"authorization:\n  roles:\n{roles}    bad: {{inherits: [nobody]}}\n")
    assert "there is no role 'nobody'" in error


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"roles": {"a": {"permissions": ["orders:*"]}}}, "there are no wildcards"),
        ({"roles": {"a": {"permissions": [":write"]}}}, "there are no wildcards"),
        ({"roles": {"a": {"given_to": [{}]}}}, "say to whom"),
        ({"roles": {"a": {"given_to": [{"claim": {}}]}}}, "1"),
        ({"roles": {"a": {"given_to": [{"claim": {"x": 1.5}}]}}}, "use text, a whole number, true or false"),
        ({"roles": {"a": {"given_to": [{"claim": {"x": None}}]}}}, "use text, a whole number, true or false"),
        ({"roles": {"a": {"given_to": [{"subject": "ada"}]}}}, "name the `provider` too"),
        ({"claims": {"a": "text"}}, "string"),
        ({"policies": {"p": []}}, "1"),
        ({"policies": {"p": [{"name": "r"}]}}, "either `allow` or `deny`"),
        ({"policies": {"p": [{"name": "r", "allow": "true", "deny": "true"}]}}, "either `allow` or `deny`"),
        ({"policies": {"p": [{"name": "r", "deny": "true"}]}}, "needs a rule that allows"),
        ({"policies": {"p": [{"name": "r", "allow": "true"}, {"name": "r", "allow": "true"}]}}, "its own name"),
        ({"policies": {"p": [{"name": "r", "allow": "true", "because": "x"}]}}, "this one allows"),
        ({"policies": {"p": [{"name": "r", "deny": "true", "because": "two\nlines"}]}}, "one line of text"),
        ({"policies": {"p": [{"name": "r", "deny": "true", "because": "x" * 257}]}}, "at most 256"),
        ({"policies": {"p": [{"name": "r", "allow": "x" * 4097}]}}, "at most 4096 characters"),
        ({"policies": {"p": [{"name": "r", "allow": "true\0 && false"}]}}, "write an expression in CEL"),
        ({"policies": {"p": [{"name": "r", "allow": True}]}}, "as text in quotes"),
    ],
)
def test_what_decides_nothing_or_cannot_be_is_refused(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Authorization.model_validate(wrong)
    assert says in str(caught.value)
