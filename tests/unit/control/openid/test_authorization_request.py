"""Where a browser is sent, and what goes to the provider directly."""

from typing import Any

import httpx
import pytest

from unit.control.openid.fake_provider import (
    CALLBACK,
    CLIENT,
    SECRET,
    VERIFIER,
    FakeProvider,
    LoggingIn,
    challenge_of,
    form_of,
    logging_in,
    queried,
    says,
)


def pushing() -> FakeProvider:
    provider = FakeProvider()
    provider.metadata["pushed_authorization_request_endpoint"] = "https://idp.test/par"
    return provider


def test_a_request_asks_for_a_code_with_all_that_protects_it(gateway: LoggingIn) -> None:
    location = gateway.begin()["location"]

    assert location.startswith("https://idp.test/authorize?")
    assert queried(location) == {
        "response_type": "code",
        "response_mode": "query",
        "client_id": CLIENT,
        "redirect_uri": CALLBACK,
        "scope": "openid",
        "state": "state-1",
        "nonce": "nonce-1",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
    }


def test_settings_say_what_else_is_asked_for() -> None:
    settings: dict[str, Any] = {
        "scopes": ["profile", "openid", "offline_access"],
        "acr_values": ["mfa", "pwd"],
        "max_age": "1h",
        "prompt": ["login", "consent"],
        "parameters": {"audience": "https://api.test/?a=b&c", "ui_locales": "de"},
    }
    with logging_in(**settings) as gateway:
        asked = queried(gateway.begin(login_hint="al ice&state=x")["location"])

    assert asked["scope"] == "openid profile offline_access"
    assert (asked["acr_values"], asked["max_age"], asked["prompt"]) == ("mfa pwd", "3600", "login consent")
    assert (asked["audience"], asked["ui_locales"]) == ("https://api.test/?a=b&c", "de")
    assert (asked["login_hint"], asked["state"]) == ("al ice&state=x", "state-1")


def test_a_step_up_asks_for_more_than_the_settings() -> None:
    with logging_in(acr_values=["pwd"], max_age="1h") as gateway:
        asked = queried(gateway.begin(acr_values="mfa", max_age=0, prompt="login")["location"])

    assert (asked["acr_values"], asked["max_age"], asked["prompt"]) == ("mfa", "0", "login")


def test_the_query_of_an_endpoint_stays() -> None:
    provider = FakeProvider()
    provider.metadata["authorization_endpoint"] = "https://idp.test/authorize?tenant=a%20b"
    with logging_in(provider) as gateway:
        assert queried(gateway.begin()["location"])["tenant"] == "a b"


def test_where_it_is_offered_the_request_does_not_pass_through_the_browser() -> None:
    with logging_in(pushing()) as gateway:
        location = gateway.begin()["location"]

        assert queried(location) == {"client_id": CLIENT, "request_uri": "urn:ietf:params:oauth:request_uri:1"}
        pushed = form_of(gateway.provider.requests("/par")[0])
        assert (pushed["state"], pushed["nonce"], pushed["redirect_uri"]) == ("state-1", "nonce-1", CALLBACK)
        assert "session" in gateway.complete(gateway.provider.authorize(location))


def test_it_is_not_pushed_where_that_is_off() -> None:
    with logging_in(pushing(), pushed="off") as gateway:
        assert "state" in queried(gateway.begin()["location"])


def test_a_provider_that_takes_no_other_is_pushed_to_even_then() -> None:
    provider = pushing()
    provider.metadata["require_pushed_authorization_requests"] = True
    with logging_in(provider, pushed="off") as gateway:
        assert "request_uri" in queried(gateway.begin()["location"])


def test_what_must_be_pushed_never_passes_through_the_browser_instead() -> None:
    with logging_in(pushed="required") as gateway:
        assert gateway.begin()["error"] == "provider-unavailable"


@pytest.mark.parametrize("status", [400, 401, 404, 500])
def test_nor_does_what_could_not_be_pushed(status: int) -> None:
    provider = pushing()
    provider.replies["/par"] = lambda _: httpx.Response(status, json={"error": "invalid_request"})
    with logging_in(provider) as gateway:
        assert gateway.begin()["error"] in ("provider-refused", "provider-unavailable")


@pytest.mark.parametrize("uri", [None, "", 7, "a b", "a\nb", "ä", "u" * 1025])
def test_a_request_uri_is_a_short_text(uri: object) -> None:
    provider = pushing()
    provider.replies["/par"] = says({"request_uri": uri, "expires_in": 60}, 201)
    with logging_in(provider) as gateway:
        assert gateway.begin()["error"] == "provider-unavailable"


@pytest.mark.parametrize("pushed", ["off", "auto"])
def test_no_address_holds_a_secret(pushed: str) -> None:
    with logging_in(pushing(), pushed=pushed) as gateway:
        location = gateway.begin()["location"]
        gateway.complete(gateway.provider.authorize(location))

        assert SECRET not in location
        assert VERIFIER not in location
        for request in gateway.provider.asked:
            assert request.url.query == b""


def test_a_request_that_is_too_long_for_an_address_is_not_cut() -> None:
    with logging_in(parameters={f"p{n}": "x" * 1000 for n in range(9)}) as gateway:
        assert gateway.begin()["error"] == "provider-unavailable"
