"""Limits that callers have of their own, on a limiter with a real authority."""

import asyncio
from collections.abc import Awaitable

from hotgate.config.units import Rate
from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.http.response import Response
from hotgate.identity.principal import Principal
from hotgate.limits.lease_client import LeaseClient
from hotgate.limits.own_limit import own_limit
from hotgate.observe.recorder import RouteRecorder
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.route import Outcome, Route
from hotgate.policies.limits.own_limit import own_limit_step
from unit.policies.limiter import Limiter


def caller(credential: str | None = "k1", provider: str = "partners", count: int = 2) -> Principal:
    limit = own_limit(Rate(count, 60.0))
    return Principal("acme", provider=provider, mechanism="api_key", credential=credential, limit=limit)


def ask(limiter: LeaseClient | None, principal: Principal | None) -> tuple[Response | None, Exchange]:
    exchange = Exchange(
        Request("GET", "/", Headers([])), Route("r", recorder=RouteRecorder("r")), {}, "192.0.2.1", "1", 0.0
    )
    exchange.principal = principal
    step = own_limit_step({} if limiter is None else {"limiter": limiter}, ("routes", 0, "authenticate"))
    assert step.phase is Phase.LIMIT

    async def run() -> Outcome:
        outcome = step.run(exchange)
        return await outcome if isinstance(outcome, Awaitable) else outcome

    return asyncio.run(run()), exchange


def statuses(limiter: LeaseClient, *callers: Principal) -> list[int]:
    answers = [ask(limiter, each)[0] for each in callers]
    return [200 if answer is None else answer.status for answer in answers]


def test_who_has_no_limit_needs_no_limiter() -> None:
    assert ask(None, None)[0] is None
    assert ask(None, Principal("ada", provider="corp", mechanism="jwt"))[0] is None


def test_a_limit_is_used_up_and_the_answers_say_so() -> None:
    limiter = Limiter()
    allowed, exchange = ask(limiter, caller())
    assert allowed is None
    assert exchange.answer_fields == ((b"ratelimit-policy", b'"own";q=2;w=60'), (b"ratelimit", b'"own";r=1;t=30'))
    ask(limiter, caller())
    denied, exchange = ask(limiter, caller())
    assert denied is not None
    assert (denied.status, denied.code, denied.header("retry-after")) == (429, "rate-limited", "30")
    assert exchange.answer_fields[1] == (b"ratelimit", b'"own";r=0;t=30')
    assert exchange.decision is not None
    assert (exchange.decision.policy, exchange.decision.path) == ("authenticate", ("routes", 0, "authenticate"))
    assert exchange.decision.reason == denied.log_detail == "limit own: more than 2 in 1m by credential"


def test_each_credential_has_a_bucket_of_its_own() -> None:
    callers = [caller(), caller(), caller(), caller("k2"), caller(provider="others")]
    assert statuses(Limiter(), *callers) == [200, 200, 429, 200, 200]


def test_where_proofs_have_no_name_the_callers_has() -> None:
    assert statuses(Limiter(), *[caller(None)] * 3) == [200, 200, 429]


def test_another_rate_is_another_bucket() -> None:
    assert statuses(Limiter(), caller(), caller(), caller(count=3)) == [200, 200, 200]


def test_equal_rates_are_one_limit() -> None:
    assert own_limit(Rate(2, 60.0)) is own_limit(Rate(2, 60.0))


def test_without_the_authority_a_limit_too_small_to_be_shared_is_not_guessed() -> None:
    limiter = Limiter()
    limiter.authority_lost()
    answer, _ = ask(limiter, caller(count=1))
    assert answer is not None
    assert (answer.status, answer.code) == (503, "limit-unavailable")
