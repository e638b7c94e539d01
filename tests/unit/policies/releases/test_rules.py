"""Who fits a rule of a release, and who keeps to a side."""

from typing import Any

import pytest

from hotgate.pipeline.policy import CompileContext
from hotgate.policies.conditions.condition import ConditionFailed
from hotgate.policies.releases.release_settings import Rule, StickyCookie
from hotgate.policies.releases.rules import compile_test
from hotgate.policies.releases.sticking import sticking
from hotgate.testing import make_exchange, make_principal

ROUTE = CompileContext("orders")


def fits(rule: dict[str, Any], claims: dict[str, Any] | None = None, **fields: str) -> bool:
    principal = None if claims is None else make_principal(claims=claims)
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    exchange = make_exchange(principal=principal, headers=headers)
    return compile_test(Rule.model_validate({"to": "next", **rule}), ROUTE)(exchange)


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"plan": "beta"}, True),
        ({"plan": ["free", "beta"]}, True),
        ({"plan": "Beta"}, False),
        ({"plan": ["betas"]}, False),
        ({"plan": {"beta": True}}, False),
        ({}, False),
        (None, False),
    ],
)
def test_claims(claims: dict[str, Any] | None, expected: bool) -> None:
    assert fits({"claim": {"plan": "beta"}}, claims) is expected


@pytest.mark.parametrize(("value", "expected"), [(True, True), (1, False), ("true", False)])
def test_true_is_not_one(value: object, expected: bool) -> None:
    assert fits({"claim": {"beta": True}}, {"beta": value}) is expected


def test_all_of_several_must_fit() -> None:
    rule = {"header": {"X-Canary": "yes", "X-Team": "core"}}
    assert fits(rule, X_Canary="yes", X_Team="core")
    assert not fits(rule, X_Canary="yes")


def test_a_condition_may_fail() -> None:
    rule = {"when": 'request.headers["x-team"] == "core"'}
    assert fits(rule, X_Team="core")
    with pytest.raises(ConditionFailed):
        fits(rule)


def key(sticky: str, **caller: Any) -> bytes | None:
    client = caller.pop("address", "192.0.2.1")
    application = caller.pop("application", None)
    principal = make_principal(**caller) if caller else None
    if principal is not None:
        principal.client = application
    return sticking(sticky)(make_exchange(principal=principal, client=client))


def test_who_keeps_to_one_side() -> None:
    assert key("principal", subject="ada") == key("principal", subject="ada", address="192.0.2.9")
    assert key("principal", subject="ada") != key("principal", subject="ada", provider="other")
    assert key("consumer", subject="ada", application="app") == key("consumer", subject="bob", application="app")
    keys = {"subject": "acme", "mechanism": "api_key"}
    assert key("consumer", provider="a", **keys) == key("consumer", provider="b", **keys)
    assert key("consumer", subject="ada") == key("principal", subject="ada")
    assert key("none", subject="ada") is None


def test_guests_are_told_apart_by_their_networks() -> None:
    assert key("principal", address="192.0.2.1") != key("principal", address="192.0.2.2")
    assert key("principal", address="2001:db8::1") == key("principal", address="2001:db8::2")


def test_a_cookie_of_another_secret_counts_as_none() -> None:
    ours, theirs = (sticking(StickyCookie.model_validate({"cookie": "side", "secret": letter * 16})) for letter in "ab")
    first = make_exchange()
    name = theirs(first)
    sent = first.answer_fields[0][1].decode().partition(";")[0]
    again = make_exchange(headers={"Cookie": sent})
    assert theirs(again) == name
    assert again.answer_fields == ()
    stranger = make_exchange(headers={"Cookie": sent})
    assert ours(stranger) != name
    assert len(stranger.answer_fields) == 1


def test_the_cookie_is_for_tls_only_where_there_is_tls() -> None:
    exchange = make_exchange()
    exchange.request.scheme = "https"
    sticking(StickyCookie.model_validate({"cookie": "side", "secret": "a" * 16, "ttl": "30d"}))(exchange)
    assert exchange.answer_fields[0][1].endswith(b"; SameSite=Lax; Max-Age=2592000; Secure")
