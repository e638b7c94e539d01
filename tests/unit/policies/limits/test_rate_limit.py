"""`rate_limit`: keys, answers and header fields, on a limiter with a real authority."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest
from pydantic import ValidationError

from hotgate.http.headers import Field, Headers
from hotgate.http.request import Request
from hotgate.http.response import Response
from hotgate.identity.principal import Principal
from hotgate.limits.lease_client import LeaseClient
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import CompileContext
from hotgate.pipeline.route import Outcome, Route
from hotgate.policies.limits.rate_limit import POLICY, RateLimitSettings
from unit.policies.limiter import Limiter


class Gate:
    """One compiled policy; `ask` runs a request through its step and returns the answer as the edge would send it."""

    def __init__(self, limiter: LeaseClient, route: str = "orders", **settings: Any) -> None:
        model = RateLimitSettings.model_validate({"limit": "2/minute", **settings})
        self.steps = POLICY.compile(model, CompileContext(route, services={"limiter": limiter}))

    def ask(
        self, client: str = "192.0.2.1", principal: Principal | None = None, fields: list[Field] | None = None
    ) -> Response:
        exchange = Exchange(
            Request("GET", "/", Headers(fields or [])),
            Route("orders"),
            params={},
            client=client,
            request_id="r",
            started=0,
        )
        exchange.principal = principal
        answer = asyncio.run(self._run(exchange)) or Response(200)
        answer.add_fields(exchange.answer_fields)
        return answer

    async def _run(self, exchange: Exchange) -> Outcome:
        outcome = self.steps[0].run(exchange)
        return await outcome if isinstance(outcome, Awaitable) else outcome

    def statuses(self, *clients: str) -> list[int]:
        return [self.ask(client).status for client in clients]


def alice_of(provider: str) -> Principal:
    return Principal("alice", provider=provider, mechanism="jwt")


def test_the_step_is_in_its_phase() -> None:
    assert [step.phase for step in Gate(Limiter()).steps] == [Phase.LIMIT]


def test_every_answer_tells_the_limit() -> None:
    gate = Gate(Limiter())
    first, second, third = gate.ask(), gate.ask(), gate.ask()
    assert [answer.status for answer in (first, second, third)] == [200, 200, 429]
    assert [answer.header("ratelimit-policy") for answer in (first, third)] == ['"orders";q=2;w=60'] * 2
    assert [answer.header("ratelimit") for answer in (first, second, third)] == [
        '"orders";r=1;t=30',
        '"orders";r=0;t=60',
        '"orders";r=0;t=30',
    ]
    assert third.header("retry-after") == "30"
    assert third.code == "rate-limited"


def test_principals_have_buckets_of_their_own_wherever_they_come_from() -> None:
    gate = Gate(Limiter())
    answers = [gate.ask(client, alice_of("corp")).status for client in ("192.0.2.1", "192.0.2.2", "192.0.2.3")]
    assert answers == [200, 200, 429]
    assert gate.ask(principal=alice_of("partners")).status == 200


def test_the_anonymous_are_known_by_address_and_ipv6_by_network() -> None:
    gate = Gate(Limiter())
    assert gate.statuses("192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2") == [200, 200, 429, 200]
    assert gate.statuses("2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1") == [200, 200, 429, 200]


def test_an_anonymous_client_cannot_use_up_a_principal() -> None:
    gate = Gate(Limiter(), by="header:x-tenant")
    forged = [(b"x-tenant", b"p\0corp\0alice")]
    assert [gate.ask(fields=forged).status for _ in range(3)] == [200, 200, 429]
    limiter = Limiter()
    by_principal = Gate(limiter)
    assert [by_principal.ask("p\0corp\0alice").status for _ in range(3)] == [200, 200, 429]
    assert by_principal.ask(principal=alice_of("corp")).status == 200


def test_by_route_all_callers_share() -> None:
    gate = Gate(Limiter(), by="route")
    assert gate.statuses("192.0.2.1", "192.0.2.2", "192.0.2.3") == [200, 200, 429]


def test_by_header_every_value_counts_and_none_means_the_address() -> None:
    gate = Gate(Limiter(), by="header:X-Tenant")
    two = [(b"x-tenant", b"a"), (b"x-tenant", b"b")]
    assert [gate.ask(fields=two).status for _ in range(3)] == [200, 200, 429]
    assert gate.ask(fields=two[:1]).status == 200
    assert gate.ask(fields=[(b"x-tenant", b"x" * 8000)]).status == 200
    assert gate.statuses("192.0.2.1", "192.0.2.1", "192.0.2.1") == [200, 200, 429]


def test_routes_are_apart_unless_they_share() -> None:
    limiter = Limiter()
    orders, users = Gate(limiter, "orders"), Gate(limiter, "users")
    assert orders.statuses(*["192.0.2.1"] * 3) + users.statuses("192.0.2.1") == [200, 200, 429, 200]
    first, second = Gate(limiter, "a", share="orders"), Gate(limiter, "b", share="orders")
    assert first.statuses("192.0.2.1") + second.statuses(*["192.0.2.1"] * 2) == [200, 200, 429]


def test_a_burst_is_the_size_of_the_bucket() -> None:
    gate = Gate(Limiter(), burst=4)
    assert gate.statuses(*["192.0.2.1"] * 5) == [200] * 4 + [429]
    assert gate.ask("192.0.2.9").header("ratelimit-policy") == '"orders";q=2;w=60'


def test_without_a_decision_nobody_passes() -> None:
    gate = Gate(LeaseClient(lambda message: None, lambda: 0.0))
    answer = gate.ask()
    assert (answer.status, answer.code, answer.header("ratelimit")) == (503, "limit-unavailable", None)


def test_a_configuration_can_be_checked_without_a_limiter() -> None:
    settings = RateLimitSettings.model_validate({"limit": "1/s"})
    assert len(POLICY.compile(settings, CompileContext("orders"))) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"limit": 100},
        {"limit": "0/s"},
        {"limit": "1/s", "by": "cookie"},
        {"limit": "1/s", "by": "header:"},
        {"limit": "1/s", "by": "header:a b"},
        {"limit": "1/s", "burst": 0},
        {"limit": "1/s", "burst": True},
        {"limit": "1/s", "share": 'a"b'},
        {"limit": "1/s", "shape": "x"},
    ],
)
def test_mistakes_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RateLimitSettings.model_validate(settings)
