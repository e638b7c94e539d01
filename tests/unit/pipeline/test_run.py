"""The loop over the steps of a route."""

import asyncio
from collections.abc import Awaitable

import pytest

from hotgate import Exchange, Response
from hotgate.pipeline.run import Suspended, run
from hotgate.testing import make_exchange


def test_every_step_runs_in_order() -> None:
    seen: list[int] = []
    steps = (lambda _: seen.append(1), lambda _: seen.append(2), lambda _: seen.append(3))
    assert run(steps, make_exchange(), 0, 3) is None
    assert seen == [1, 2, 3]


def test_only_the_asked_for_steps_run() -> None:
    seen: list[int] = []
    steps = (lambda _: seen.append(1), lambda _: seen.append(2), lambda _: seen.append(3))
    assert run(steps, make_exchange(), 1, 2) is None
    assert seen == [2]


def test_no_steps() -> None:
    assert run((), make_exchange(), 0, 0) is None


def test_an_answer_ends_the_loop() -> None:
    answer = Response(403)
    seen: list[int] = []
    assert run((lambda _: answer, lambda _: seen.append(1)), make_exchange(), 0, 2) is answer
    assert seen == []


def test_a_step_that_waits_suspends_the_loop_behind_itself() -> None:
    answer = Response(403)

    async def waits(exchange: Exchange) -> Response:
        return answer

    outcome = run((lambda _: None, waits, lambda _: None), make_exchange(), 0, 3)
    assert isinstance(outcome, Suspended)
    assert outcome.resume_at == 2

    async def awaited(awaitable: Awaitable[Response | None]) -> Response | None:
        return await awaitable

    assert asyncio.run(awaited(outcome.outcome)) is answer


def test_what_a_step_raises_is_the_callers() -> None:
    def fails(exchange: Exchange) -> None:
        raise LookupError("x")

    with pytest.raises(LookupError):
        run((fails,), make_exchange(), 0, 1)


def test_something_that_is_no_answer_is_never_a_pass() -> None:
    """A truthy or falsy value is handed to the caller, which awaits it and fails."""
    outcome = run((lambda _: False,), make_exchange(), 0, 1)  # type: ignore[arg-type, return-value]
    assert isinstance(outcome, Suspended)
