"""Does to a policy what the gateway does, so that a test sees the same answers and the same errors."""

import asyncio
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from hotgate.http.response import Response
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import PhasedStep, UserPolicy
from hotgate.policies.user import options_of, step_of


def run(
    policy: UserPolicy | Sequence[PhasedStep], exchange: Exchange, options: Mapping[str, Any] | None = None
) -> Response | None:
    """Run a policy, or the steps of a built-in one, plain or async; the answer of the first that has one, or None.

    options: what a route would say under `with:`. A body larger than the policy asked for is answered 413, as
    in the gateway. In phase `respond` an answer also replaces `exchange.response`.
    Raises ValueError for wrong options, and whatever the policy raises, to which the gateway would answer 500.
    Inside a running event loop use `run_async`.
    """
    return asyncio.run(run_async(policy, exchange, options))


async def run_async(
    policy: UserPolicy | Sequence[PhasedStep], exchange: Exchange, options: Mapping[str, Any] | None = None
) -> Response | None:
    """The same as `run`, for tests that have an event loop."""
    replaced = None
    for step in sorted(_steps_of(policy, exchange, options), key=attrgetter("phase")):
        answer = await _run_step(step, exchange)
        if answer is not None and step.phase is not Phase.RESPOND:
            return answer
        replaced = answer or replaced
    return replaced


def _steps_of(
    policy: UserPolicy | Sequence[PhasedStep], exchange: Exchange, options: Mapping[str, Any] | None
) -> Sequence[PhasedStep]:
    if isinstance(policy, UserPolicy):
        if policy.phase is Phase.RESPOND and exchange.response is None:
            raise ValueError("a policy in phase respond needs a response: make_exchange(response=Response(200))")
        return [step_of(policy, options_of(policy, dict(options or {})))]
    if options is not None:
        raise ValueError("steps are compiled: they have their options already")
    return [step for step in policy if step.phase is not Phase.RESPOND or exchange.response is not None]


async def _run_step(step: PhasedStep, exchange: Exchange) -> Response | None:
    if step.body_limit:
        body = exchange.request.body or b""
        if len(body) > step.body_limit:
            return Response.problem(413, code="body-too-large")
        exchange.request.body = body
    outcome = step.run(exchange)
    answer = outcome if outcome is None or isinstance(outcome, Response) else await outcome
    if answer is not None and step.phase is Phase.RESPOND:
        exchange.response = answer
    return answer
