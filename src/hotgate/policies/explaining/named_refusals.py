"""Refusals of steps that do not say which rule of the file has refused: they get the name and place of their policy."""

import inspect
from collections.abc import Awaitable

from hotgate.http.response import Response
from hotgate.pipeline.decision import Decision, StepLabel
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.route import Outcome, Step

_REFUSES_FROM = 400


def naming_refusals(step: Step, label: StepLabel) -> Step:
    """The same step; when it refuses, or raises, `exchange.decision` says so, by itself or by this."""
    refusal = Decision(label.policy, "", label.path, allowed=False)

    def run(exchange: Exchange) -> Outcome | Awaitable[Outcome]:
        try:
            outcome = step(exchange)
        except BaseException:
            exchange.decision = refusal
            raise
        if outcome is None:
            return None
        if inspect.isawaitable(outcome):
            return _named_later(exchange, outcome, refusal)
        return _named(exchange, outcome, refusal)

    return run


async def _named_later(exchange: Exchange, pending: Awaitable[Outcome], refusal: Decision) -> Outcome:
    try:
        return _named(exchange, await pending, refusal)
    except BaseException:
        exchange.decision = refusal
        raise


def _named(exchange: Exchange, outcome: Outcome, refusal: Decision) -> Outcome:
    refuses = isinstance(outcome, Response) and outcome.status >= _REFUSES_FROM
    if refuses and (exchange.decision is None or exchange.decision.allowed):
        exchange.decision = refusal
    return outcome
