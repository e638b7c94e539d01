"""`client_credentials` in a worker: who waits, when another token is asked for, and what clients are told."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

import pytest

from hotgate.http.response import Response
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import PhasedStep
from hotgate.policies.outgoing.gateways_token import REJECTED_INTERVAL, RENEWAL_INTERVAL
from hotgate.policies.outgoing.shown_token import fingerprint
from hotgate.testing import make_exchange
from hotgate.testing.run import run_async
from unit.policies.outgoing.control import SERVER, Control, settled, shown, token

CREDENTIALS = {"client_credentials": SERVER}
FIRST, SECOND = [b"Bearer first"], [b"Bearer second"]
Play = Callable[[Control], Coroutine[Any, Any, None]]


def played(play: Play) -> Callable[[], None]:
    @wraps(play)
    def test() -> None:
        asyncio.run(play(Control()))

    del test.__wrapped__
    return test


async def sent(steps: tuple[PhasedStep, ...], answer: Response | None = None, **fields: str) -> Exchange:
    """A request and, if it got one, its answer."""
    exchange = make_exchange(headers=fields)
    exchange.response = answer
    refusal = await run_async(steps, exchange)
    if refusal is not None:
        exchange.response = refusal
    return exchange


@played
async def test_only_the_first_request_waits(control: Control) -> None:
    steps = control.steps(CREDENTIALS)
    assert shown(await sent(steps, authorization="Bearer mine")) == FIRST
    exchange = make_exchange(headers={"authorization": "Bearer mine", "x.y": "z"})
    assert steps[0].run(exchange) is None  # at once
    assert shown(exchange) == FIRST
    assert len(control.asked) == 1


@played
async def test_all_who_wait_ask_once(control: Control) -> None:
    steps = control.steps(CREDENTIALS)
    control.may_answer.clear()
    waiting = [asyncio.ensure_future(sent(steps)) for _ in range(5)]
    await settled()
    waiting.pop().cancel()
    control.may_answer.set()
    assert [shown(await each) for each in waiting] == [FIRST] * 4
    assert len(control.asked) == 1


@played
async def test_a_newer_one_is_asked_for_in_time_and_nobody_waits(control: Control) -> None:
    steps = control.steps(CREDENTIALS)
    await sent(steps)
    control.now += 80
    control.answer = RuntimeError("the control process is gone")
    for _ in range(3):
        assert shown(await sent(steps)) == FIRST
        await settled()
    assert len(control.asked) == 2  # not for every request
    control.now += RENEWAL_INTERVAL
    control.answer = token("second")
    assert shown(await sent(steps)) == FIRST
    await settled()
    assert shown(await sent(steps)) == SECOND


@played
async def test_one_that_has_ended_is_shown_to_nobody(control: Control) -> None:
    steps = control.steps(CREDENTIALS)
    await sent(steps)
    control.now += 100
    control.answer = {"unavailable": "idp says: secret", "retry_after": 3.2}
    exchange = await sent(steps, authorization="Bearer mine")
    answer = exchange.response
    assert answer is not None
    assert (answer.status, answer.code, answer.header("retry-after")) == (503, "upstream-credential-unavailable", "4")
    assert b"secret" not in (answer.body or b"")
    assert "secret" in answer.log_detail


@pytest.mark.parametrize("answer", [RuntimeError("gone"), {"refused": "invalid_client"}])
def test_without_an_answer_nothing_passes(answer: Any) -> None:
    @played
    async def play(control: Control) -> None:
        control.answer = answer
        exchange = await sent(control.steps(CREDENTIALS))
        assert exchange.response is not None
        assert exchange.response.status == 503

    play()


@played
async def test_a_backend_that_says_401_gets_another_one_next_time(control: Control) -> None:
    steps = control.steps(CREDENTIALS)
    await sent(steps, Response(200))
    assert len(control.asked) == 1
    control.answer = token("second")
    assert shown(await sent(steps, Response(401))) == FIRST
    await settled()
    assert control.asked[-1]["rejected"] == fingerprint("first")
    assert shown(await sent(steps, Response(401))) == SECOND
    await settled()
    assert len(control.asked) == 2  # once in a while
    control.now += REJECTED_INTERVAL
    await sent(steps, Response(401))
    await settled()
    assert len(control.asked) == 3


@played
async def test_a_401_stops_nobody_while_there_is_no_other_token(control: Control) -> None:
    steps = control.steps(CREDENTIALS)
    await sent(steps)
    control.answer = {"unavailable": "down", "retry_after": 1.0}
    await sent(steps, Response(401))
    await settled()
    assert shown(await sent(steps)) == FIRST


@played
async def test_a_401_of_the_gateway_itself_says_nothing_about_the_token(control: Control) -> None:
    steps = control.steps(CREDENTIALS)
    await sent(steps)
    exchange = make_exchange(response=Response(401))  # refused before the token was shown
    await run_async(steps[1:], exchange)
    await settled()
    assert len(control.asked) == 1


@played
async def test_a_reload_keeps_the_token_of_settings_that_stay(control: Control) -> None:
    steps = control.steps(CREDENTIALS)
    await sent(steps)
    again = control.steps(CREDENTIALS)
    other = control.steps({"client_credentials": {**SERVER, "audience": "x"}})
    elsewhere = control.steps(CREDENTIALS, "stock")
    del steps
    await sent(again)
    assert len(control.asked) == 1
    await sent(other)
    await sent(elsewhere)
    assert len({body["source"] for body in control.asked}) == len(control.asked) == 3
