"""`token_exchange` in a worker: whose token goes where, and what a caller is told who gets none."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from functools import wraps
from typing import Any

import pytest

from hotgate.http.response import Response
from hotgate.identity.principal import Principal
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.outgoing import CREDENTIAL
from hotgate.pipeline.policy import PhasedStep
from hotgate.policies.outgoing.callers_tokens import MOST_WAITING, REFUSED_FOR
from hotgate.testing import make_exchange
from hotgate.testing.run import run_async
from unit.policies.outgoing.control import SERVER, Control, settled, shown, token

CREDENTIALS = {"token_exchange": {**SERVER, "audience": "orders"}}
Play = Callable[[Control], Coroutine[Any, Any, None]]


def played(play: Play) -> Callable[[], None]:
    @wraps(play)
    def test() -> None:
        control = Control()
        control.answer = for_whom
        asyncio.run(play(control))

    del test.__wrapped__
    return test


def for_whom(body: Mapping[str, Any]) -> dict[str, Any]:
    return token(f"for-{body['subject']}", min(100.0, body["good_for"]))


async def sent(
    steps: tuple[PhasedStep, ...], subject: str | None, ends_in: float | None = 1000.0, now: float = 1000.0
) -> tuple[Exchange, Response | None]:
    expires = None if ends_in is None else now + 1_800_000_000.0 + ends_in
    principal = Principal("alice", provider="corp", mechanism="jwt", expires=expires)
    exchange = make_exchange(headers={"authorization": "Bearer mine"}, principal=principal)
    if subject is not None:
        exchange.state[CREDENTIAL] = subject.encode()
    return exchange, await run_async(steps, exchange)


@played
async def test_each_caller_has_a_token_of_its_own(control: Control) -> None:
    steps = control.steps(CREDENTIALS)
    for _ in range(2):
        for name in ("alice", "bob", "alic"):
            exchange, answer = await sent(steps, name)
            assert answer is None
            assert shown(exchange) == [f"Bearer for-{name}".encode()]
    assert [body["subject"] for body in control.asked] == ["alice", "bob", "alic"]


@played
async def test_what_is_for_one_upstream_is_never_found_for_another(control: Control) -> None:
    control.answer = lambda body: token(body["source"].partition(":")[0])
    orders, stock = control.steps(CREDENTIALS, "orders"), control.steps(CREDENTIALS, "stock")
    for _ in range(2):
        assert shown((await sent(orders, "alice"))[0]) == [b"Bearer orders"]
        assert shown((await sent(stock, "alice"))[0]) == [b"Bearer stock"]


@played
async def test_it_is_shown_no_longer_than_the_callers_own_is_good(control: Control) -> None:
    steps = control.steps(CREDENTIALS)
    await sent(steps, "alice", ends_in=30.0)
    assert control.asked[0]["good_for"] == 30.0
    control.now += 30
    await sent(steps, "alice", ends_in=0.0, now=control.now)
    assert len(control.asked) == 2
    await sent(steps, "bob", ends_in=None)
    assert control.asked[2]["good_for"] == 86400.0


@played
async def test_all_who_wait_for_the_same_ask_once(control: Control) -> None:
    steps = control.steps(CREDENTIALS)
    control.may_answer.clear()
    waiting = [asyncio.ensure_future(sent(steps, "alice")) for _ in range(5)]
    await settled()
    waiting.pop().cancel()
    control.may_answer.set()
    assert [shown((await each)[0]) for each in waiting] == [[b"Bearer for-alice"]] * 4
    assert len(control.asked) == 1


@pytest.mark.parametrize(
    ("code", "status", "problem"),
    [
        ("invalid_grant", 401, "token-not-exchangeable"),
        ("invalid_target", 403, "upstream-access-denied"),
        ("invalid_request", 403, "upstream-access-denied"),
        ("access_denied", 403, "upstream-access-denied"),
    ],
)
def test_what_a_caller_is_told(code: str, status: int, problem: str) -> None:
    @played
    async def play(control: Control) -> None:
        steps = control.steps(CREDENTIALS)
        control.answer = {"refused": code}
        for _ in range(2):
            _, answer = await sent(steps, "alice")
            assert answer is not None
            assert (answer.status, answer.code) == (status, problem)
            assert ("invalid_token" in (answer.header("www-authenticate") or "")) is (status == 401)
            assert code not in (answer.body or b"").decode()
            assert code in answer.log_detail
        assert len(control.asked) == 1
        control.answer = for_whom
        control.now += REFUSED_FOR
        exchange, _ = await sent(steps, "alice")
        assert shown(exchange) == [b"Bearer for-alice"]

    play()


@played
async def test_who_has_no_token_gets_in_nowhere(control: Control) -> None:
    _, answer = await sent(control.steps(CREDENTIALS), None)
    assert answer is not None
    assert (answer.status, answer.code, answer.header("www-authenticate")) == (401, "token-missing", "Bearer")
    assert control.asked == []


@played
async def test_without_an_answer_nothing_passes_but_what_is_known(control: Control) -> None:
    steps = control.steps(CREDENTIALS)
    await sent(steps, "alice")
    control.answer = RuntimeError("the control process is gone")
    assert shown((await sent(steps, "alice"))[0]) == [b"Bearer for-alice"]
    _, answer = await sent(steps, "bob")
    assert answer is not None
    assert (answer.status, answer.header("retry-after")) == (503, "1")
    control.answer = for_whom
    assert (await sent(steps, "bob"))[1] is None  # a failure is not remembered


@played
async def test_a_flood_of_new_tokens_is_bounded(control: Control) -> None:
    steps = control.steps(CREDENTIALS)
    control.may_answer.clear()
    waiting = [asyncio.ensure_future(sent(steps, f"caller-{number}")) for number in range(MOST_WAITING + 10)]
    await settled()
    assert len(control.asked) == MOST_WAITING
    assert sum(each.done() for each in waiting) == 10
    control.may_answer.set()
    answers = [(await each)[1] for each in waiting]
    assert sum(answer is not None and answer.status == 503 for answer in answers) == 10
