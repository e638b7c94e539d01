"""The userinfo endpoint: of which user it speaks, and whether it was it that spoke."""

from typing import Any

import httpx
import pytest

from hotgate.testing.issuer import Issuer
from unit.control.openid.fake_provider import CLIENT, ISSUER, FakeProvider, LoggingIn, logging_in


def completed(gateway: LoggingIn) -> dict[str, Any]:
    return gateway.complete(gateway.provider.authorize(gateway.begin()["location"]))


def signed(issuer: Issuer, **claims: Any) -> httpx.Response:
    members = {"iss": ISSUER, "aud": CLIENT, "sub": "alice", "email": "signed@example.com", **claims}
    content = issuer.token({name: value for name, value in members.items() if value is not None})
    return httpx.Response(200, content=content, headers={"content-type": "application/jwt"})


def test_it_is_asked_with_the_access_token_and_its_claims_are_kept() -> None:
    with logging_in(userinfo=True, keep_claims=["email"]) as gateway:
        session = gateway.log_in()

        request = gateway.provider.requests("/userinfo")[0]
        assert request.headers["authorization"] == f"Bearer {session['tokens']['access']}"
        assert request.content == b""
        assert session["claims"]["email"] == "alice@example.com"


def test_nobody_is_asked_unless_that_is_wanted(gateway: LoggingIn) -> None:
    gateway.log_in()

    assert gateway.provider.requests("/userinfo") == []


@pytest.mark.parametrize("subject", ["bob", None, ["alice"]])
def test_claims_of_another_user_are_refused(subject: object) -> None:
    provider = FakeProvider()
    provider.userinfo["sub"] = subject
    with logging_in(provider, userinfo=True) as gateway:
        assert completed(gateway)["error"] == "login-failed"


def test_what_is_signed_in_the_id_token_counts_more() -> None:
    provider = FakeProvider()
    provider.claims["email"] = "signed@example.com"
    with logging_in(provider, userinfo=True, keep_claims=["email"]) as gateway:
        assert gateway.log_in()["claims"]["email"] == "signed@example.com"


def test_it_may_be_signed() -> None:
    provider = FakeProvider()
    provider.replies["/userinfo"] = lambda _: signed(provider.issuer)
    with logging_in(provider, userinfo=True, keep_claims=["email"]) as gateway:
        assert gateway.log_in()["claims"]["email"] == "signed@example.com"


@pytest.mark.parametrize(
    "wrong", [{"iss": "https://evil.test"}, {"iss": None}, {"aud": "other"}, {"aud": None}, {"sub": "bob"}]
)
def test_what_is_signed_for_somebody_else_is_refused(wrong: dict[str, Any]) -> None:
    provider = FakeProvider()
    provider.replies["/userinfo"] = lambda _: signed(provider.issuer, **wrong)
    with logging_in(provider, userinfo=True) as gateway:
        assert completed(gateway)["error"] == "login-failed"


def test_what_somebody_else_has_signed_is_refused() -> None:
    provider = FakeProvider()
    provider.replies["/userinfo"] = lambda _: signed(Issuer(ISSUER))
    with logging_in(provider, userinfo=True) as gateway:
        assert completed(gateway)["error"] == "login-failed"


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (httpx.Response(401), "provider-refused"),
        (httpx.Response(503), "provider-unavailable"),
        (httpx.Response(302, headers={"location": "https://evil.test"}), "provider-unavailable"),
        (httpx.Response(200, content=b"{}", headers={"content-type": "text/html"}), "provider-unavailable"),
        (httpx.Response(200, content=b"[]", headers={"content-type": "application/json"}), "provider-unavailable"),
    ],
)
def test_a_login_without_its_claims_is_none(reply: httpx.Response, error: str) -> None:
    provider = FakeProvider()
    provider.replies["/userinfo"] = lambda _: reply
    with logging_in(provider, userinfo=True) as gateway:
        assert completed(gateway)["error"] == error


def test_a_provider_without_the_endpoint_is_of_no_use_then() -> None:
    provider = FakeProvider()
    del provider.metadata["userinfo_endpoint"]
    with logging_in(provider, userinfo=True) as gateway:
        assert completed(gateway)["error"] == "provider-unavailable"
