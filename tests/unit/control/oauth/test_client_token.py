"""The gateway's own token: when it is asked for, who waits for it, and what happens while the server fails."""

from functools import partial

import pytest

from hotgate.control.download import FetchFailed
from hotgate.control.oauth.client_token import FORCED_INTERVAL, ClientToken
from hotgate.control.oauth.good_token import TokenUnavailable
from hotgate.control.oauth.issued_token import IssuedToken, TokenRefused
from hotgate.policies.outgoing.shown_token import fingerprint
from unit.control.oauth.token_server import TokenServer, answer_of, playing, settled

FIRST, SECOND = IssuedToken("first", 100.0), IssuedToken("second", 100.0)


@playing
def played(server: TokenServer) -> ClientToken:
    return ClientToken("orders", partial(server.token, {}), clock=server.clock, sleep=server.sleep)


@played
async def test_it_is_there_before_anybody_asks_and_renewed_before_it_ends(
    server: TokenServer, token: ClientToken
) -> None:
    token.start()
    await settled()
    assert len(server.asked) == 1
    first = await token.current()
    assert (first.value, first.good_until, first.renew_at) == ("first", 1090.0, 1067.5)
    server.answer = SECOND
    await server.pass_time(50)
    assert len(server.asked) == 1
    await server.pass_time(18)
    assert len(server.asked) == 2
    assert (await token.current()).value == "second"


@played
async def test_all_who_wait_ask_once(server: TokenServer, token: ClientToken) -> None:
    server.may_answer.clear()
    waiting = [answer_of(token.current()) for _ in range(5)]
    await settled()
    waiting.pop().cancel()  # whoever leaves does not end it for the others
    server.may_answer.set()
    assert {(await each).value for each in waiting} == {"first"}
    assert len(server.asked) == 1


@played
async def test_a_server_that_fails_is_left_alone_longer_and_longer(server: TokenServer, token: ClientToken) -> None:
    server.answer = FetchFailed("down")
    for seconds in (1, 2, 4):
        with pytest.raises(TokenUnavailable, match="down"):
            await token.current()
        with pytest.raises(TokenUnavailable) as caught:
            await token.current()  # at once
        assert caught.value.retry_after == seconds
        server.now += seconds
    assert len(server.asked) == 3
    server.answer = FIRST
    assert (await token.current()).value == "first"
    assert token.state() == {"good_for_seconds": 90.0, "fetches": 4, "failures": 3, "last_error": None}


@played
async def test_a_good_token_is_shown_while_the_server_is_down(server: TokenServer, token: ClientToken) -> None:
    token.start()
    await settled()
    server.answer = TokenRefused("invalid_client")
    await server.pass_time(68)
    assert len(server.asked) == 2
    assert (await token.current()).value == "first"
    server.now = 1090.0
    with pytest.raises(TokenUnavailable, match="invalid_client"):
        await token.current()


@played
async def test_a_surprise_does_not_end_the_renewal(server: TokenServer, token: ClientToken) -> None:
    server.answer = RuntimeError("secret inside")
    token.start()
    await settled()
    with pytest.raises(TokenUnavailable) as caught:
        await token.current()
    assert "secret" not in str(caught.value)
    server.answer = FIRST
    await server.pass_time(2)
    assert (await token.current()).value == "first"


@played
async def test_one_that_a_backend_refuses_is_replaced_but_not_again_and_again(
    server: TokenServer, token: ClientToken
) -> None:
    await token.current()
    server.answer = SECOND
    assert (await token.current(fingerprint("another"))).value == "first"
    assert (await token.current(fingerprint("first"))).value == "second"
    assert (await token.current(fingerprint("second"))).value == "second"
    assert len(server.asked) == 2
    server.now += FORCED_INTERVAL
    server.answer = FetchFailed("down")
    assert (await token.current(fingerprint("second"))).value == "second"  # it may be good, and there is no other
    assert len(server.asked) == 3


@played
async def test_a_tiny_lifetime_is_no_flood(server: TokenServer, token: ClientToken) -> None:
    server.answer = IssuedToken("short", 1.0)
    token.start()
    for _ in range(10):
        await server.pass_time(0.2)
    assert len(server.asked) <= 3
