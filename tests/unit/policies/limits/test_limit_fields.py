"""Fields of several steps of one answer, and the older ones."""

import asyncio
from collections.abc import Awaitable, Sequence

import pytest

from hotgate.config.units import Rate
from hotgate.http.headers import Field
from hotgate.http.response import Response
from hotgate.limits.decision import denied, hopeless
from hotgate.limits.limit import Limit
from hotgate.limits.own_limit import own_limit
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.limits.limit_answer import LimitAnswer
from hotgate.policies.limits.limit_fields import LimitItem, fields_of
from hotgate.policies.limits.own_limit import own_limit_step
from hotgate.testing import make_exchange
from unit.policies.limiter import Limiter
from unit.policies.limits.gate import Gate, caller

_OLDER = (b"x-ratelimit-limit", b"x-ratelimit-remaining", b"x-ratelimit-reset")


def two_steps(count: int, *limits: dict[str, str]) -> tuple[Exchange, Response | None]:
    """The last of so many requests of a caller with a limit of its own, 3/minute, on a route with others."""
    limiter = Limiter()
    steps = [own_limit_step({"limiter": limiter}), *Gate(limiter, *limits).steps]

    async def run(exchange: Exchange) -> Response | None:
        for step in steps:
            outcome = step.run(exchange)
            answer = await outcome if isinstance(outcome, Awaitable) else outcome
            if answer is not None:
                return answer
        return None

    for _ in range(count):
        exchange = make_exchange(principal=caller(limit=own_limit(Rate(3, 60.0))))
        answer = asyncio.run(run(exchange))
    return exchange, answer


def values(exchange: Exchange, name: bytes) -> list[bytes]:
    return [value for each, value in exchange.answer_fields if each == name]


def test_a_callers_own_limit_and_those_of_the_route_stand_in_one_field_each() -> None:
    exchange, _ = two_steps(1, {"name": "a"}, {"name": "b"})
    assert values(exchange, b"ratelimit-policy") == [b'"own";q=3;w=60, "a";q=2;w=60, "b";q=2;w=60']
    assert values(exchange, b"ratelimit") == [b'"own";r=2;t=40, "a";r=1;t=30, "b";r=1;t=30']
    assert [each.policy for each in exchange.limits] == ["own", "a", "b"]


def test_a_refusal_by_the_route_tells_all_policies_and_its_own_limit_only() -> None:
    exchange, answer = two_steps(3, {"name": "a"}, {"name": "b"})
    assert answer is not None
    assert values(exchange, b"ratelimit-policy") == [b'"own";q=3;w=60, "a";q=2;w=60, "b";q=2;w=60']
    assert values(exchange, b"ratelimit") == [b'"a";r=0;t=30']
    assert exchange.limit is not None
    assert exchange.limit.policy == "a"


def test_a_silent_limit_leaves_what_was_said_before() -> None:
    exchange, _ = two_steps(1, {"headers": "none"})
    assert values(exchange, b"ratelimit-policy") == [b'"own";q=3;w=60']
    assert values(exchange, b"ratelimit") == [b'"own";r=2;t=40']


@pytest.mark.parametrize(
    "said",
    [
        ((b"x-a", b"1"), (b"ratelimit", b'"theirs";r=1;t=1')),
        ((b"ratelimit-policy", b'"theirs";q=1;w=1'), (b"x-a", b"1"), (b"ratelimit", b'"theirs";r=1;t=1')),
        ((b"ratelimit", b'"theirs";r=1;t=1'), (b"ratelimit-policy", b'"theirs";q=1;w=1'), (b"x-a", b"1")),
        ((b"x-ratelimit", b"1"), (b"x-a", b"1")),
    ],
)
def test_what_others_have_said_stays_as_it_is(said: tuple[Field, ...]) -> None:
    exchange = make_exchange()
    exchange.answer_fields = said
    item = LimitItem("mine", quota=2, window=60)
    fields_of((item,)).tell(exchange, item.figures(1))
    mine = ((b"ratelimit-policy", b'"mine";q=2;w=60'), (b"ratelimit", b'"mine";r=1;t=30'))
    assert exchange.answer_fields == (*said, *mine)


def test_a_debt_is_nothing_left_also_where_tokens_are_still_out() -> None:
    limit = Limit("s", quota=10, window=60)
    assert LimitItem.of(limit).figures(-3) == (0, 60)


def older(gate: Gate, count: int) -> Sequence[str | None]:
    for _ in range(count):
        answer = gate.ask()
    return [answer.header(name.decode()) for name in _OLDER]


def test_the_older_fields_tell_of_the_limit_of_which_least_is_left() -> None:
    gate = Gate(Limiter(), {"headers": "legacy", "limit": "9/day"}, {"name": "b", "headers": "legacy"}, {"name": "c"})
    assert older(gate, 1) == ["2", "1", "30"]
    answer = gate.ask()
    assert answer.header("ratelimit-policy") == '"c";q=2;w=60'
    assert len(answer.headers.get_all(_OLDER[0])) == 1


def test_a_refusal_has_the_older_fields_too() -> None:
    assert older(Gate(Limiter(), headers="legacy"), 3) == ["2", "0", "30"]
    assert older(Gate(Limiter(), headers="both"), 3) == ["2", "0", "30"]


@pytest.mark.parametrize(
    ("headers", "told"), [("draft", (1, 0)), ("legacy", (0, 1)), ("both", (1, 1)), ("none", (0, 0))]
)
def test_what_is_told_is_what_was_asked_for(headers: str, told: tuple[int, int]) -> None:
    gate = Gate(Limiter(), headers=headers)
    for _ in range(3):
        answer = gate.ask()
        fields = answer.headers
        assert (len(fields.get_all(b"ratelimit-policy")), len(fields.get_all(b"x-ratelimit-limit"))) == told
    assert (answer.status, answer.header("retry-after")) == (429, "30")


def test_nobody_is_told_to_try_again_what_can_never_pass() -> None:
    item = LimitItem("r", quota=2, window=60)
    answer = LimitAnswer(item, policy="rate_limit")
    limit = Limit("r", quota=2, window=60)
    assert answer.refuse(make_exchange(), hopeless(limit), (item,)).headers.get(b"retry-after") is None
    assert answer.refuse(make_exchange(), denied(limit, 30), (item,)).headers.get(b"retry-after") == b"30"
