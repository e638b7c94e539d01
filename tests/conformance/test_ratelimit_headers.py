"""draft-ietf-httpapi-ratelimit-headers-11, section by section: what answers of a gateway with limits say."""

import json
from typing import Any

import pytest

from hotgate.config.units import duration_text
from hotgate.http.response import Response
from hotgate.http.structured_fields import parse_list
from hotgate.http.structured_values import Item
from hotgate.limits.lease_client import LeaseClient
from unit.policies.limiter import Limiter
from unit.policies.limits.gate import Gate, caller

LARGEST = 999_999_999_999_999  # of an Integer (RFC 9651 §3.3.1)


def members(answer: Response, field: str) -> dict[str, dict[str, Any]]:
    """The List of a field: name → parameters. Fails if it is no List of Strings, or names one twice."""
    values = answer.headers.get_all(field.encode())
    assert len(values) == 1
    items = parse_list(values[0])
    assert all(isinstance(item, Item) and type(item.value) is str for item in items)
    named = {str(item.value): item.parameters for item in items if isinstance(item, Item)}
    assert len(named) == len(items)
    return named


def policies(answer: Response) -> dict[str, dict[str, Any]]:
    return members(answer, "ratelimit-policy")


def limits(answer: Response) -> dict[str, dict[str, Any]]:
    return members(answer, "ratelimit")


# Section 3: RateLimit-Policy.


def test_3_policies_are_a_list_in_the_order_of_the_file() -> None:
    gate = Gate(Limiter(), {"name": "burst", "limit": "100/minute"}, {"name": "daily", "limit": "1000/day"})
    assert list(policies(gate.ask())) == ["burst", "daily"]
    assert gate.ask().header("ratelimit-policy") == '"burst";q=100;w=60, "daily";q=1000;w=86400'


def test_3_the_field_is_the_same_in_all_answers() -> None:
    """Served, refused by either limit, or not even asked about the second."""
    gate = Gate(Limiter(), {"name": "a", "limit": "2/minute"}, {"name": "b", "limit": "3/day", "by": "route"})
    answers = [gate.ask(client) for client in ("192.0.2.1",) * 3 + ("192.0.2.2",) * 3]
    assert [answer.status for answer in answers] == [200, 200, 429, 200, 429, 429]
    assert {answer.header("ratelimit-policy") for answer in answers} == {'"a";q=2;w=60, "b";q=3;w=86400'}


@pytest.mark.parametrize("name", ["a", "a.b-c_d", "0", "x" * 64])
def test_3_a_name_is_a_string(name: str) -> None:
    assert list(policies(Gate(Limiter(), name=name).ask())) == [name]


@pytest.mark.parametrize("limit", ["1/s", "2/366d", "999999999/366d", "999999999/s"])
def test_3_1_1_the_quota_is_a_non_negative_integer(limit: str) -> None:
    (policy,) = policies(Gate(Limiter(), limit=limit).ask()).values()
    assert policy["q"] == int(limit.partition("/")[0])
    assert 0 <= policy["q"] <= LARGEST


def test_3_1_2_the_unit_is_a_registered_one_and_requests_is_not_said() -> None:
    assert "qu" not in policies(Gate(Limiter()).ask())["orders"]
    assert policies(Gate(Limiter(), unit="content-bytes").ask())["orders"]["qu"] == "content-bytes"


@pytest.mark.parametrize("window", [1, 10, 60, 90, 3600, 86400, 366 * 86400])
def test_3_1_3_the_window_is_a_positive_integer_of_seconds(window: int) -> None:
    (policy,) = policies(Gate(Limiter(), limit=f"5/{duration_text(window)}").ask()).values()
    assert policy["w"] == window


def test_3_1_4_and_6_1_no_partition_key_is_told() -> None:
    """It would be a name or an address, or a digest that nobody can predict; the section asks for neither."""
    answer = Gate(Limiter(), by=["principal", "header:x-a"]).ask(principal=caller("ada"), fields=[(b"x-a", b"b")])
    assert "pk" not in policies(answer)["orders"]
    assert "pk" not in limits(answer)["orders"]
    assert b"ada" not in b"".join(value for _, value in answer.headers.fields)


# Section 4: RateLimit.


def test_4_each_limit_is_an_item_of_a_policy_that_is_told() -> None:
    gate = Gate(
        Limiter(), {"name": "a"}, {"name": "b", "dry_run": True}, {"name": "c", "headers": "none"}, {"name": "d"}
    )
    answer = gate.ask()
    assert list(limits(answer)) == list(policies(answer)) == ["a", "d"]


def test_4_1_1_what_is_left_falls_and_is_never_negative() -> None:
    gate = Gate(Limiter(), limit="3/minute")
    assert [limits(gate.ask())["orders"]["r"] for _ in range(5)] == [2, 1, 0, 0, 0]


def test_4_1_1_a_debt_is_nothing_left() -> None:
    gate = Gate(Limiter(), limit="3/minute", cost={"header": "x-cost", "most": 9})
    answer = Response(200)
    answer.headers.add(b"x-cost", b"9")
    gate.ask(answer=answer)
    refusal = gate.ask()
    assert (refusal.status, limits(refusal)["orders"]["r"]) == (429, 0)


def test_4_1_2_the_effective_window_is_a_non_negative_integer() -> None:
    gate = Gate(Limiter(), limit="3/minute")
    assert [limits(gate.ask())["orders"]["t"] for _ in range(5)] == [40, 40, 60, 20, 20]


def test_4_1_2_no_figure_is_larger_than_an_integer_may_be() -> None:
    gate = Gate(Limiter(), limit="1/366d", burst=100)
    item = limits(gate.ask())["orders"]
    assert item == {"r": 99, "t": 99 * 366 * 86400}
    assert max(item.values()) <= LARGEST


# Section 5: problem types.


def test_5_1_a_refusal_is_a_problem_of_the_registered_type() -> None:
    gate = Gate(Limiter(), {"name": "burst", "limit": "9/minute"}, {"name": "daily", "limit": "1/day"})
    gate.ask()
    refusal = gate.ask()
    problem = json.loads(refusal.body or b"")
    assert refusal.header("content-type") == "application/problem+json"
    assert problem["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded"
    assert (problem["title"], problem["status"]) == ("Quota Exceeded", 429)
    assert problem["violated-policies"] == ["daily"]


def test_5_1_a_limit_that_is_not_told_is_not_named() -> None:
    gate = Gate(Limiter(), limit="1/minute", headers="none")
    gate.ask()
    problem = json.loads(gate.ask().body or b"")
    assert problem["type"] == "about:blank"
    assert "violated-policies" not in problem


def test_5_2_when_nobody_can_tell_no_policy_is_violated() -> None:
    """503, but not for want of capacity: the type is not claimed, and no figures are made up."""
    gate = Gate(LeaseClient(lambda message: None, lambda: 0.0))
    answer = gate.ask()
    problem = json.loads(answer.body or b"")
    assert (answer.status, problem["type"], answer.header("retry-after")) == (503, "about:blank", "1")
    assert answer.header("ratelimit") is None


# Section 6: server behaviour.


@pytest.mark.parametrize("status", [200, 204, 301, 404, 500])
def test_6_fields_come_with_every_status(status: int) -> None:
    assert limits(Gate(Limiter()).ask(answer=Response(status)))["orders"]["r"] == 1


def test_6_retry_after_is_never_earlier_than_an_effective_window() -> None:
    gate = Gate(Limiter(), {"name": "daily", "limit": "100/day"}, {"name": "burst", "limit": "1/minute"})
    gate.ask()
    refusal = gate.ask()
    windows = [item["t"] for item in limits(refusal).values()]
    assert windows == [60]
    assert int(refusal.header("retry-after") or 0) >= max(windows)


@pytest.mark.parametrize("limit", ["100/minute", "10000/1000s", "5/day", "7/s"])
@pytest.mark.parametrize("cost", [1, 3])
def test_6_and_8_5_no_pair_of_figures_suggests_more_than_the_rate(limit: str, cost: int) -> None:
    gate = Gate(Limiter(), limit=limit, cost=cost)
    for _ in range(30):
        answer = gate.ask()
        policy, item = policies(answer)["orders"], limits(answer)["orders"]
        assert item["r"] / max(1, item["t"]) <= policy["q"] / policy["w"]


def test_6_a_burst_larger_than_the_quota_suggests_no_more_either() -> None:
    item = limits(Gate(Limiter(), limit="10/minute", burst=600).ask())["orders"]
    assert item["r"] / item["t"] <= 10 / 60


# Sections 7.2 (what a backend says passes) and 8.2 are played in tests/wire/test_rate_limits.py.


def test_8_2_a_caller_learns_nothing_of_another_ones_limit() -> None:
    gate = Gate(Limiter(), limit="9/minute")
    before = gate.ask(principal=caller("ada")).header("ratelimit")
    gate.ask(principal=caller("bob"))
    assert gate.ask(principal=caller("eve")).header("ratelimit") == before


def test_8_2_operators_may_keep_a_limit_to_themselves() -> None:
    answer = Gate(Limiter(), headers="none").ask()
    assert not [name for name, _ in answer.headers.fields if b"ratelimit" in name]
