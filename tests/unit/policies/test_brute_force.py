"""Which refusals count as guesses, what they are counted under, and what the client is told."""

import asyncio
from collections.abc import Awaitable

import pytest

from hotgate.config.brute_force import BruteForce
from hotgate.http.response import Response
from hotgate.identity.places.credential_source import BearerSource, HeaderSource
from hotgate.limits.brute_force.login_guard import MAX_DELAYED, LoginGuard
from hotgate.policies.brute_force import NO_GUESS, FailureWatch, claimed_credential
from hotgate.testing.exchange import make_exchange

SOURCES = (BearerSource(), HeaderSource(b"x-api-key", "key-unknown"))
SETTINGS = BruteForce.model_validate({"delay_after": 0, "ban_after": 1000})


def watch(settings: BruteForce = SETTINGS) -> tuple[FailureWatch, LoginGuard]:
    guard = LoginGuard()
    guard.follow(settings)
    return FailureWatch(guard, SOURCES), guard


def refusal(code: str, status: int = 401) -> Response:
    return Response.problem(status, code=code)


@pytest.mark.parametrize("code", sorted(NO_GUESS))
def test_what_is_no_guess_is_answered_at_once_and_not_counted(code: str) -> None:
    watching, guard = watch()
    response = refusal(code)
    assert watching.refused(make_exchange(), "corp", response) is response
    assert guard.report() is None
    assert guard.metrics.failed == {f"corp {code}": 1}


@pytest.mark.parametrize(("code", "status"), [("key-set-unavailable", 503), ("store-unavailable", 503), ("x", 403)])
def test_only_a_401_says_that_a_credential_is_bad(code: str, status: int) -> None:
    watching, guard = watch()
    response = refusal(code, status)
    assert watching.refused(make_exchange(), "corp", response) is response
    assert guard.report() is None
    assert guard.metrics.failed == {}


@pytest.mark.parametrize("code", ["token-signature-invalid", "token-malformed", "key-unknown", "a-code-of-tomorrow"])
def test_anything_else_is_a_guess(code: str) -> None:
    watching, guard = watch()
    refused_later(watching, code, guard)
    assert guard.report() is not None
    assert guard.metrics.delayed == 1


def refused_later(watching: FailureWatch, code: str, guard: LoginGuard) -> None:
    async def script() -> None:
        pending = watching.refused(make_exchange(), "corp", refusal(code))
        assert isinstance(pending, Awaitable)
        guard.tick(100.0)
        response = await pending
        assert (response.status, response.code) == (401, code)

    asyncio.run(script())


def test_no_more_may_wait_than_there_are_places() -> None:
    async def script() -> None:
        watching, guard = watch()
        pending = [watching.refused(make_exchange(), "corp", refusal("key-unknown")) for _ in range(MAX_DELAYED)]
        response = watching.refused(make_exchange(), "corp", refusal("key-unknown"))
        assert isinstance(response, Response)
        assert (response.status, response.code) == (429, "too-many-failures")
        assert int(response.header("retry-after") or 0) >= 1
        guard.tick(100.0)
        for each in pending:
            assert isinstance(each, Awaitable)
            await each
        assert not guard.waiting.is_full

    asyncio.run(script())


def test_a_banned_client_is_told_for_how_long() -> None:
    watching, guard = watch(BruteForce.model_validate({"delay_after": 1, "ban_after": 1, "ban": "90s"}))
    guard.tick(50.0)
    guard.failed("192.0.2.1", "")
    guard.tick(60.5)
    response = watching.banned(make_exchange(client="192.0.2.1"))
    assert response is not None
    assert (response.status, response.header("retry-after")) == (429, "80")
    assert watching.banned(make_exchange(client="192.0.2.2")) is None


# --- the name of a credential


def named(**headers: str) -> str:
    request = make_exchange(headers={name.replace("_", "-"): value for name, value in headers.items()}).request
    return claimed_credential(request, SOURCES)


def test_all_guesses_of_one_keys_secret_are_attempts_on_that_key() -> None:
    assert named(x_api_key="hg_live_0Hk3abcdefgh_guess1") == named(x_api_key="hg_live_0Hk3abcdefgh_guess2")
    assert named(x_api_key="hg_live_0Hk3abcdefgh_guess1") != named(x_api_key="hg_live_another_guess1")


@pytest.mark.parametrize("secret", ["my-old-secret-key", "hg_live_id", "hg_live_id_secret_more", "hg_live_id_Secret"])
def test_a_name_holds_nothing_of_the_secret(secret: str) -> None:
    for name in (named(x_api_key=secret), named(authorization=f"Bearer {secret}")):
        assert name
        assert secret not in name
        assert "ecret" not in name


def test_what_cannot_be_read_has_no_name() -> None:
    assert named() == ""
    assert named(authorization="Basic x") == ""
    assert named(authorization="Bearer a b") == ""
