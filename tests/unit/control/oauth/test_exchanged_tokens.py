"""Tokens in exchange for callers': whose is whose, how long they are kept, and what a flood of them costs."""

import asyncio
from collections.abc import Mapping

import pytest

from hotgate.control.download import FetchFailed
from hotgate.control.oauth import exchanged_tokens as module
from hotgate.control.oauth.exchanged_tokens import REFUSED_FOR, ExchangedTokens
from hotgate.control.oauth.good_token import GoodToken, TokenUnavailable
from hotgate.control.oauth.issued_token import IssuedToken, TokenRefused
from unit.control.oauth.token_server import TokenServer, answer_of, playing, settled

FORM = {"grant_type": "exchange", "audience": "orders"}


def for_whom(form: Mapping[str, str]) -> IssuedToken:
    return IssuedToken(f"for-{form['subject_token']}", 100.0)


@playing
def played(server: TokenServer) -> ExchangedTokens:
    server.answer = for_whom
    return ExchangedTokens("orders", server.token, FORM, clock=server.clock)


@played
async def test_each_caller_has_a_token_of_its_own_which_is_asked_for_once(
    server: TokenServer, tokens: ExchangedTokens
) -> None:
    for _ in range(2):
        assert (await tokens.exchanged("alice", 1000.0)).value == "for-alice"
        assert (await tokens.exchanged("bob", 1000.0)).value == "for-bob"
        assert (await tokens.exchanged("alic", 1000.0)).value == "for-alic"
    assert server.asked == [{**FORM, "subject_token": name} for name in ("alice", "bob", "alic")]


@played
async def test_all_who_wait_for_the_same_ask_once(server: TokenServer, tokens: ExchangedTokens) -> None:
    server.may_answer.clear()
    waiting = [answer_of(tokens.exchanged("alice", 1000.0)) for _ in range(5)]
    await settled()
    waiting.pop().cancel()
    server.may_answer.set()
    assert {(await each).value for each in waiting} == {"for-alice"}
    assert len(server.asked) == 1


@played
async def test_it_is_kept_no_longer_than_the_callers_own(server: TokenServer, tokens: ExchangedTokens) -> None:
    assert (await tokens.exchanged("alice", 30.0)).good_until == 1030.0
    server.now = 1030.0
    await tokens.exchanged("alice", 1000.0)
    assert len(server.asked) == 2


@played
async def test_a_refusal_is_remembered_for_a_moment(server: TokenServer, tokens: ExchangedTokens) -> None:
    server.answer = TokenRefused("invalid_target")
    for _ in range(3):
        with pytest.raises(TokenRefused, match="invalid_target"):
            await tokens.exchanged("alice", 1000.0)
    assert len(server.asked) == 1
    server.answer = for_whom
    server.now += REFUSED_FOR
    assert (await tokens.exchanged("alice", 1000.0)).value == "for-alice"


@played
async def test_callers_who_may_not_have_what_is_asked_for_stop_nobody_else(
    server: TokenServer, tokens: ExchangedTokens
) -> None:
    """`invalid_scope` may be about what this caller's token has (RFC 6749 §5.2)."""
    server.answer = TokenRefused("invalid_scope")
    for number in range(10):
        with pytest.raises(TokenRefused, match="invalid_scope"):
            await tokens.exchanged(f"mallory-{number}", 1000.0)
    server.answer = for_whom
    assert (await tokens.exchanged("alice", 1000.0)).value == "for-alice"


@pytest.mark.parametrize("failure", [FetchFailed("down"), TokenRefused("invalid_client")])
def test_a_server_that_fails_is_left_alone_and_known_tokens_are_unharmed(failure: Exception) -> None:
    @played
    async def play(server: TokenServer, tokens: ExchangedTokens) -> None:
        await tokens.exchanged("alice", 1000.0)
        server.answer = failure
        for number in range(10):
            with pytest.raises(TokenUnavailable):
                await tokens.exchanged(f"caller-{number}", 1000.0)
        assert len(server.asked) == 5  # alice, three that are tolerated, and one more
        assert (await tokens.exchanged("alice", 1000.0)).value == "for-alice"
        server.now += 1
        server.answer = for_whom
        assert (await tokens.exchanged("bob", 1000.0)).value == "for-bob"
        assert tokens.state()["last_error"] is None

    play()


@played
async def test_a_flood_waits_neither_here_nor_at_the_server(server: TokenServer, tokens: ExchangedTokens) -> None:
    server.may_answer.clear()
    waiting = [answer_of(tokens.exchanged(f"caller-{number}", 1000.0)) for number in range(100)]
    await settled()
    refused = [each for each in waiting if each.done()]
    assert len(server.asked) == module.MOST_FLIGHTS == 100 - len(refused)
    assert all(isinstance(each.exception(), TokenUnavailable) for each in refused)
    server.may_answer.set()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert tokens.state()["kept"] == module.MOST_FLIGHTS


def test_the_gateway_says_that_it_acts() -> None:
    async def play() -> None:
        server = TokenServer()
        server.answer = for_whom

        async def actor() -> GoodToken:
            return GoodToken("the-gateway", 2000.0, 2000.0)

        tokens = ExchangedTokens("orders", server.token, FORM, actor, server.clock)
        await tokens.exchanged("alice", 1000.0)
        assert server.asked == [{**FORM, "subject_token": "alice", "actor_token": "the-gateway"}]

    asyncio.run(play())
