"""The answer to a login: what becomes a session, and every way in which an answer can be somebody else's."""

import asyncio
import logging
from typing import Any

import httpx
import pytest

from hotgate.control.oauth.issued_token import LONGEST_LIFETIME
from hotgate.upstream.breaker import RULES
from unit.control.openid.fake_provider import (
    CALLBACK,
    NOW,
    SECRET,
    VERIFIER,
    FakeProvider,
    LoggingIn,
    challenge_of,
    form_of,
    logging_in,
    refusal,
    says,
)


def code_of(gateway: LoggingIn, **changed: str) -> str:
    return gateway.provider.authorize(gateway.begin()["location"], **changed)


def refused_with(gateway: LoggingIn, caplog: pytest.LogCaptureFixture, **arrival: Any) -> str:
    """Why a login was refused, as operators read it."""
    told = gateway.complete(code_of(gateway), **arrival)
    assert told["error"] == "login-failed"
    assert "session" not in told
    return str(caplog.records[-1].__dict__["facts"]["reason"])


def test_a_code_becomes_a_session(gateway: LoggingIn) -> None:
    session = gateway.log_in()

    assert (session["subject"], session["sid"], session["auth_time"]) == ("alice", "provider-session", NOW)
    assert session["tokens"]["access"].startswith("access-")
    assert session["tokens"]["access_expires"] == NOW + 300
    assert session["tokens"]["refresh"].startswith("refresh-")
    form = form_of(gateway.provider.requests("/token")[0])
    assert form == {
        "grant_type": "authorization_code",
        "code": "code-1",
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }


def test_a_code_of_a_login_with_another_verifier_is_worth_nothing(gateway: LoggingIn) -> None:
    code = code_of(gateway, code_challenge=challenge_of("a" * 43))

    assert gateway.complete(code)["error"] == "provider-refused"


def test_a_code_of_another_client_is_worth_nothing(gateway: LoggingIn) -> None:
    assert gateway.complete(code_of(gateway, client_id="other"))["error"] == "provider-refused"


def test_a_code_of_another_callback_is_worth_nothing(gateway: LoggingIn) -> None:
    code = code_of(gateway)

    assert gateway.complete(code, redirect_uri="https://other.test/callback")["error"] == "provider-refused"


def test_a_code_is_worth_nothing_twice(gateway: LoggingIn) -> None:
    code = code_of(gateway)
    gateway.complete(code)

    assert gateway.complete(code)["error"] == "provider-refused"


def test_an_answer_of_another_provider_does_not_get_as_far_as_the_token_endpoint(
    gateway: LoggingIn, caplog: pytest.LogCaptureFixture
) -> None:
    assert "another provider" in refused_with(gateway, caplog, iss="https://evil.test")
    assert "another provider" in refused_with(gateway, caplog, iss="https://idp.test/")
    assert gateway.provider.requests("/token") == []


def test_a_provider_that_names_itself_always_does(gateway: LoggingIn, caplog: pytest.LogCaptureFixture) -> None:
    assert "does not name its provider" in refused_with(gateway, caplog, iss=None)
    assert gateway.provider.requests("/token") == []


def test_one_that_never_does_need_not() -> None:
    provider = FakeProvider()
    del provider.metadata["authorization_response_iss_parameter_supported"]
    with logging_in(provider) as gateway:
        assert "session" in gateway.complete(code_of(gateway), iss=None)
        assert "error" in gateway.complete(code_of(gateway), iss="https://evil.test")


def test_the_nonce_is_that_of_the_login(gateway: LoggingIn, caplog: pytest.LogCaptureFixture) -> None:
    assert "nonce" in refused_with(gateway, caplog, nonce="of-another-tab")


def test_without_an_id_token_nobody_has_logged_in(gateway: LoggingIn, caplog: pytest.LogCaptureFixture) -> None:
    gateway.provider.answer["id_token"] = None

    assert "no ID token" in refused_with(gateway, caplog)


@pytest.mark.parametrize(
    "answer",
    [
        {"token_type": "DPoP"},
        {"token_type": None},
        {"access_token": None},
        {"access_token": "a\r\nb"},
        {"access_token": "a" * 8193},
        {"access_token": ["a"]},
        {"refresh_token": "ä"},
        {"refresh_token": {"a": 1}},
        {"expires_in": -1},
        {"expires_in": 0},
        {"expires_in": True},
        {"expires_in": "soon"},
        {"expires_in": [300]},
        {"scope": ["openid"]},
    ],
)
def test_an_answer_that_makes_no_sense_is_no_login(gateway: LoggingIn, answer: dict[str, Any]) -> None:
    gateway.provider.answer.update(answer)

    assert gateway.complete(code_of(gateway))["error"] == "provider-unavailable"


@pytest.mark.parametrize(
    ("said", "lifetime"),
    [(10**400, LONGEST_LIFETIME), (1e300, LONGEST_LIFETIME), ("600", 600), (59.9, 59), (None, 300)],
)
def test_no_lifetime_is_absurd(gateway: LoggingIn, said: object, lifetime: int) -> None:
    gateway.provider.answer["expires_in"] = said

    assert gateway.log_in()["tokens"]["access_expires"] == NOW + lifetime


@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(500),
        httpx.Response(429),
        httpx.Response(302, headers={"location": "https://evil.test"}),
        httpx.Response(200, content=b"<html>", headers={"content-type": "text/html"}),
        httpx.Response(200, content=b"[1]", headers={"content-type": "application/json"}),
        httpx.Response(
            200, content=b'{"access_token":"a","access_token":"b"}', headers={"content-type": "application/json"}
        ),
        httpx.Response(200, content=b" " * 300_000, headers={"content-type": "application/json"}),
    ],
)
def test_no_answer_of_the_token_endpoint_is_taken_for_what_it_is_not(gateway: LoggingIn, reply: httpx.Response) -> None:
    code = code_of(gateway)
    gateway.provider.replies["/token"] = lambda _: reply

    assert gateway.complete(code)["error"] == "provider-unavailable"


def test_a_provider_that_fails_again_and_again_is_left_alone(gateway: LoggingIn) -> None:
    codes = [code_of(gateway) for _ in range(RULES.consecutive_failures + 2)]
    gateway.provider.replies["/token"] = lambda _: httpx.Response(503)
    for code in codes[:-1]:
        assert gateway.complete(code)["error"] == "provider-unavailable"
    assert len(gateway.provider.requests("/token")) == RULES.consecutive_failures
    assert gateway.party.state()["circuit_open"]

    del gateway.provider.replies["/token"]
    gateway.pass_time(RULES.duration)
    assert "session" in gateway.complete(codes[-1])


def test_what_came_of_each_question_is_counted(gateway: LoggingIn) -> None:
    session = gateway.log_in()
    gateway.complete("invented")
    gateway.provider.replies["/token"] = lambda _: httpx.Response(503)
    gateway.refresh(session)

    assert gateway.parties.state() == [
        {
            "provider": "sso",
            "results": {
                ("begin", "ok"): 1,
                ("login", "ok"): 1,
                ("login", "provider-refused"): 1,
                ("renewal", "provider-unavailable"): 1,
            },
            "circuit_open": False,
        }
    ]


def test_a_slow_provider_holds_up_a_bounded_number() -> None:
    with logging_in(max_flights=2) as gateway:
        codes = [code_of(gateway) for _ in range(3)]
        body = {"redirect_uri": CALLBACK, "iss": gateway.provider.name, "verifier": VERIFIER, "nonce": "nonce-1"}

        async def crowd() -> tuple[dict[str, Any], int]:
            answered = asyncio.Event()

            async def slowly(_: httpx.Request) -> httpx.Response:
                await answered.wait()
                return refusal("invalid_grant")

            gateway.provider.replies["/token"] = slowly
            waiting = [asyncio.create_task(gateway.party.complete({**body, "code": code})) for code in codes[:2]]
            await asyncio.sleep(0)
            third = await gateway.party.complete({**body, "code": codes[2]})
            answered.set()
            await asyncio.gather(*waiting)
            return third, len(gateway.provider.requests("/token"))

        third, asked = gateway.run(crowd())

    assert third["error"] == "busy"
    assert asked == 2


def test_a_new_key_is_fetched_once(gateway: LoggingIn) -> None:
    code = code_of(gateway)
    gateway.provider.issuer.kid = "k2"
    gateway.provider.published = gateway.provider.issuer.jwks()

    assert "session" in gateway.complete(code)
    assert gateway.refreshed_keys == 1


def test_a_key_that_nobody_publishes_is_not_believed(gateway: LoggingIn, caplog: pytest.LogCaptureFixture) -> None:
    gateway.provider.issuer.kid = "k2"

    assert "no key" in refused_with(gateway, caplog)
    assert gateway.refreshed_keys == 1


def test_without_any_keys_the_provider_is_of_no_use(gateway: LoggingIn) -> None:
    gateway.known_keys = gateway.provider.published = {}

    assert gateway.complete(code_of(gateway))["error"] == "provider-unavailable"


def test_the_session_keeps_few_claims() -> None:
    provider = FakeProvider()
    provider.claims.update(email="alice@example.com", realm={"roles": ["admin"], "more": "x"}, picture="x" * 10_000)
    with logging_in(provider, claims={"roles": "realm.roles"}, keep_claims=["email"], scopes=["profile"]) as gateway:
        claims = gateway.log_in()["claims"]

    assert set(claims) == {"iss", "sub", "sid", "iat", "auth_time", "nonce", "realm.roles", "email", "scope"}
    assert (claims["realm.roles"], claims["scope"]) == (["admin"], "openid profile")


def test_the_scope_is_what_was_granted() -> None:
    provider = FakeProvider()
    provider.answer["scope"] = "openid"
    with logging_in(provider, scopes=["orders:write"]) as gateway:
        assert gateway.log_in()["claims"]["scope"] == "openid"


def test_a_user_whose_claims_are_not_what_they_must_be_is_not_let_in(caplog: pytest.LogCaptureFixture) -> None:
    provider = FakeProvider()
    provider.claims["email_verified"] = False
    with logging_in(provider, claims={"claim_values": {"email_verified": True}}) as gateway:
        assert "email_verified" in refused_with(gateway, caplog)


def test_the_userinfo_does_not_say_how_somebody_has_logged_in() -> None:
    """At some providers people write there what they like: a profile with an `acr` must not be a stronger login."""
    provider = FakeProvider()
    provider.claims |= {"sid": None, "auth_time": None}
    about_the_login = {"acr": "mfa", "amr": ["otp"], "auth_time": NOW, "sid": "s", "azp": "other", "nonce": "n"}
    provider.userinfo |= {**about_the_login, "iss": "https://evil.test"}
    with logging_in(provider, userinfo=True, keep_claims=["acr", "email"]) as gateway:
        session = gateway.log_in()
        renewed = gateway.refresh(session)["session"]

    for each in (session, renewed):
        assert (each["acr"], each["auth_time"], each["sid"]) == (None, None, None)
        assert each["claims"] == {
            "iss": provider.name,
            "sub": "alice",
            "iat": NOW,
            "nonce": "nonce-1",
            "email": "alice@example.com",
            "scope": "openid",
        }


def test_nor_is_one_with_more_claims_than_a_session_can_hold(caplog: pytest.LogCaptureFixture) -> None:
    provider = FakeProvider()
    provider.userinfo["groups"] = ["x" * 100] * 400
    with logging_in(provider, userinfo=True) as gateway:
        assert "its claims take more" in refused_with(gateway, caplog)


def test_nor_one_whom_no_claim_names(caplog: pytest.LogCaptureFixture) -> None:
    with logging_in(claims={"subject": "employee"}) as gateway:
        assert "employee is missing" in refused_with(gateway, caplog)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("invalid_client", "the provider refuses: invalid_client (look at `client`: its id, and its secret or key)"),
        ("invalid_grant", "the provider refuses: invalid_grant"),
    ],
)
def test_an_operator_reads_what_to_look_at(
    gateway: LoggingIn, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, error: str, reason: str
) -> None:
    monkeypatch.setattr(logging.getLogger("hotgate.openid"), "filters", [])  # other tests have filled this second
    code = code_of(gateway)
    gateway.provider.replies["/token"] = says({"error": error}, 401)
    assert gateway.complete(code)["error"] == "provider-refused"
    assert caplog.records[-1].getMessage().endswith(reason)


@pytest.mark.parametrize("error", ["invalid_client", "x" * 65, 7, "<b>"])
def test_no_log_and_no_answer_quotes_what_must_not_be_seen(
    gateway: LoggingIn, caplog: pytest.LogCaptureFixture, error: Any
) -> None:
    caplog.set_level(logging.DEBUG, "hotgate")
    session = gateway.log_in()
    code = code_of(gateway)
    gateway.provider.replies["/token"] = says({"error": error, "error_description": SECRET}, 401)
    told = [gateway.complete(code), gateway.refresh(session)]
    seen = f"{[(record.getMessage(), record.__dict__) for record in caplog.records]}{told}{gateway.party.provider}"

    for secret in (
        SECRET,
        code,
        VERIFIER,
        *(str(session["tokens"][each]) for each in ("access", "refresh", "id_token")),
    ):
        assert secret not in seen
    assert "<b>" not in seen
