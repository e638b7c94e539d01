"""Guests share a name, but no limit: each client address has its own."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

from hotgate.pipeline.policy import CompileContext, PhasedStep
from hotgate.policies import authenticate
from hotgate.policies.anonymous import MECHANISM, AnonymousSettings
from hotgate.policies.limits import rate_limit
from hotgate.testing.exchange import make_exchange
from unit.policies.limiter import Limiter
from unit.policies.limits.gate import settings_of


def context(**settings: Any) -> CompileContext:
    guests = MECHANISM.compile("guests", AnonymousSettings.model_validate(settings), {})
    return CompileContext("r", {"guests": guests}, {"limiter": Limiter()})


def statuses(steps: Sequence[PhasedStep], *clients: str) -> list[int]:
    return asyncio.run(_statuses(steps, clients))


async def _statuses(steps: Sequence[PhasedStep], clients: Sequence[str]) -> list[int]:
    return [await _status(steps, client) for client in clients]


async def _status(steps: Sequence[PhasedStep], client: str) -> int:
    exchange = make_exchange(client=client)
    for step in steps:
        outcome = step.run(exchange)
        response = await outcome if isinstance(outcome, Awaitable) else outcome
        if response is not None:
            return response.status
    return 200


def test_guests_have_a_limit_for_each_address() -> None:
    steps = authenticate.POLICY.compile(["guests"], context(rate_limit="2/minute"))
    assert statuses(steps, *["192.0.2.1"] * 3) == [200, 200, 429]
    assert statuses(steps, "192.0.2.2", "2001:db8::1", "2001:db8::2", "2001:db8::3") == [200, 200, 200, 429]


def test_guests_do_not_use_up_a_routes_limit_of_each_other() -> None:
    services = context()
    steps = list(authenticate.POLICY.compile(["guests"], services))
    settings = settings_of({"limit": "1/minute", "by": "principal"})
    steps += rate_limit.POLICY.compile(settings, services)
    assert statuses(steps, "192.0.2.1", "192.0.2.1", "192.0.2.2") == [200, 429, 200]


def test_without_a_limit_there_is_none() -> None:
    steps = authenticate.POLICY.compile(["guests"], context())
    assert statuses(steps, *["192.0.2.1"] * 50) == [200] * 50
