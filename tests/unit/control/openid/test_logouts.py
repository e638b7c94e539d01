"""Where a logout goes, and what becomes of the tokens of a session."""

import asyncio
from typing import Any

import httpx
import pytest

from unit.control.openid.fake_provider import CLIENT, FakeProvider, LoggingIn, form_of, logging_in, queried

BACK = "https://app.test/.hotgate/sso/logged-out"


def logged_out(gateway: LoggingIn, **body: Any) -> Any:
    async def told() -> Any:
        found = await gateway.party.logout_url(body)
        for _ in range(10):
            await asyncio.sleep(0)  # what happens in the background happens
        return found["location"]

    return gateway.run(told())


def test_the_provider_is_told_whose_logout_it_is_and_where_to_go_then(gateway: LoggingIn) -> None:
    location = logged_out(gateway, id_token="a.b.c", return_to=BACK, state="s&t")

    assert location.startswith("https://idp.test/logout?")
    assert queried(location) == {
        "id_token_hint": "a.b.c",
        "client_id": CLIENT,
        "post_logout_redirect_uri": BACK,
        "state": "s&t",
    }


def test_no_other_token_is_in_the_address(gateway: LoggingIn) -> None:
    session = gateway.log_in()
    location = logged_out(gateway, **session["tokens"])

    assert session["tokens"]["refresh"] not in location
    assert session["tokens"]["access"] not in location


def test_a_hint_that_would_not_fit_is_left_out(gateway: LoggingIn) -> None:
    location = logged_out(gateway, id_token="x" * 9000, return_to=BACK)

    assert queried(location) == {"client_id": CLIENT, "post_logout_redirect_uri": BACK}


@pytest.mark.parametrize("end_session", [None, "http://idp.test/logout", "javascript:alert(1)"])
def test_a_provider_without_logout_has_no_address(end_session: str | None) -> None:
    provider = FakeProvider()
    provider.metadata["end_session_endpoint"] = end_session
    with logging_in(provider) as gateway:
        assert logged_out(gateway, id_token="a.b.c") is None


def test_nor_has_one_that_is_down() -> None:
    provider = FakeProvider()
    provider.replies["/.well-known/openid-configuration"] = lambda _: httpx.Response(503)
    with logging_in(provider) as gateway:
        assert logged_out(gateway, refresh="r") is None


@pytest.mark.parametrize(
    ("tokens", "form"),
    [
        ({"refresh": "r", "access": "a"}, {"token": "r", "token_type_hint": "refresh_token"}),
        ({"refresh": None, "access": "a"}, {"token": "a", "token_type_hint": "access_token"}),
    ],
)
def test_what_is_left_of_the_tokens_is_revoked(
    gateway: LoggingIn, tokens: dict[str, Any], form: dict[str, str]
) -> None:
    logged_out(gateway, **tokens)

    (request,) = gateway.provider.requests("/revoke")
    assert form_of(request) == form
    assert request.headers["authorization"].startswith("Basic ")


def test_a_logout_does_not_wait_for_that(gateway: LoggingIn) -> None:
    async def never(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    gateway.provider.replies["/revoke"] = never

    assert logged_out(gateway, refresh="r") is not None
    assert len(gateway.provider.requests("/revoke")) == 1


def test_a_crowd_that_leaves_does_not_pile_up(gateway: LoggingIn) -> None:
    async def never(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    gateway.provider.replies["/revoke"] = never
    for number in range(70):
        logged_out(gateway, refresh=f"r{number}")

    assert len(gateway.provider.requests("/revoke")) == 64
