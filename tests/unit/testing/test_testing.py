import asyncio
from datetime import UTC, datetime

import pytest
from pydantic import BaseModel

from hotgate import Exchange, Response, policy
from hotgate.http.headers import InvalidHeader
from hotgate.testing import FakeClock, make_exchange, make_principal, run, run_async


class Options(BaseModel):
    status: int


@policy
def passes(exchange: Exchange) -> None: ...


@policy(options=Options)
async def answers(exchange: Exchange, options: Options) -> Response:
    return Response(options.status)


@policy(body="10B")
def reads(exchange: Exchange) -> Response:
    return Response(200, body=exchange.request.body)


@policy(phase="respond")
def replaces(exchange: Exchange) -> Response | None:
    return Response(502) if exchange.response and exchange.response.status == 500 else None


def test_an_exchange_has_what_the_test_says_and_sensible_values_for_the_rest() -> None:
    noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
    principal = make_principal("bob", scopes=["read"], roles=["admin"], claims={"team": "blue"})
    exchange = make_exchange("POST", "/a?b=c", {"X-Token": "1"}, principal=principal, now=noon, body=b"{}")
    assert (exchange.request.method, exchange.request.path, exchange.request.query) == ("POST", "/a", b"b=c")
    assert exchange.request.header("x-token") == "1"
    assert exchange.request.body == b"{}"
    assert exchange.now == noon
    assert exchange.principal is principal
    assert principal.scopes == {"read"}
    assert exchange.client == "192.0.2.1"


def test_impossible_exchanges_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        make_exchange(now=datetime(2026, 1, 5))  # noqa: DTZ001
    with pytest.raises(InvalidHeader):
        make_exchange(headers={"X-A": "a\r\nX-B: b"})


def test_run_takes_plain_and_async_policies() -> None:
    assert run(passes, make_exchange()) is None
    answer = run(answers, make_exchange(), {"status": 451})
    assert answer is not None
    assert answer.status == 451


def test_run_async_inside_a_loop() -> None:
    async def test() -> Response | None:
        return await run_async(answers, make_exchange(), {"status": 451})

    assert asyncio.run(test()) is not None


def test_wrong_options_are_refused_as_in_a_route() -> None:
    with pytest.raises(ValueError, match=r"with\.status"):
        run(answers, make_exchange(), {"status": "x"})
    with pytest.raises(ValueError, match="takes no options"):
        run(passes, make_exchange(), {"status": 1})


def test_a_body_policy_gets_a_body_up_to_its_limit() -> None:
    answer = run(reads, make_exchange(body=b"0123456789"))
    assert answer is not None
    assert answer.body == b"0123456789"
    empty = run(reads, make_exchange())
    assert empty is not None
    assert empty.body == b""
    too_large = run(reads, make_exchange(body=b"01234567890"))
    assert too_large is not None
    assert too_large.status == 413


def test_a_respond_policy_replaces_the_response() -> None:
    exchange = make_exchange(response=Response(500))
    assert run(replaces, exchange) is exchange.response
    assert exchange.response is not None
    assert exchange.response.status == 502
    with pytest.raises(ValueError, match="needs a response"):
        run(replaces, make_exchange())


def test_a_fake_clock_moves_only_when_told() -> None:
    clock = FakeClock(5.0)
    assert clock() == clock() == 5.0
    clock.advance(2.5)
    assert clock() == 7.5
