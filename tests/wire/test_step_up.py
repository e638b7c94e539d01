"""Pages that demand a stronger or more recent login (RFC 9470): browsers are sent to it, programs are told."""

import time
from hashlib import sha256
from typing import Any

from hotgate.identity.verification_keys.key_sets import key_set_name
from hotgate.testing.issuer import Issuer
from wire.login_desk import COOKIE, LoginDesk, location, oidc, scene
from wire.scenario import Wire, scenario

ISSUER = Issuer()
URL = "https://api.test/jwks"
KEY = "k" * 40
JWT = {"jwt": {"issuer": ISSUER.name, "audience": "api", "jwks_url": URL}}
DEMAND = {"acr": ["mfa", "hw"], "max_age": "5m"}
ROUTES: list[dict[str, Any]] = [
    {"name": "app", "match": {"path": "/*"}, "upstream": "api", "authenticate": ["api", "sso"]},
    {
        "name": "admin",
        "match": {"path": "/admin/*"},
        "upstream": "api",
        "authenticate": ["api", "sso"],
        "authorize": DEMAND,
    },
]
step_up = scenario(routes=ROUTES, settings={"identity": {"sso": oidc(), "api": JWT}})


def proves(desk: LoginDesk, acr: str | None, ago: float = 0.0) -> None:
    """What logins give from now on."""
    desk.session.update(acr=acr, auth_time=desk.now - ago)


@step_up
async def test_a_browser_is_sent_to_log_in_more_strongly_and_returns(wire: Wire) -> None:
    desk, browser = scene(wire)
    await browser.logs_in("/page")
    away = await browser.visits("/admin/x?y=1")
    assert away.status == 302
    began = desk.questions("oidc.begin")[-1]
    assert (began["acr_values"], began["max_age"]) == ("mfa hw", 300)
    proves(desk, "hw")
    back = await browser.comes_back(away)
    assert location(back) == "/admin/x?y=1"
    completed = desk.questions("oidc.complete")[-1]
    assert (completed["acr_values"], completed["max_age"]) == ("mfa hw", 300)
    assert (await browser.reaches("/admin/x?y=1"))[1].status == 200


@step_up
async def test_a_login_that_is_old_is_not_enough(wire: Wire) -> None:
    desk, browser = scene(wire)
    proves(desk, "mfa")
    await browser.logs_in("/page")
    assert (await browser.reaches("/admin/x"))[1].status == 200
    desk.now += 301
    assert (await browser.visits("/admin/x")).status == 302
    assert (await browser.reaches("/page"))[1].status == 200


@step_up
async def test_a_program_with_a_session_is_told_what_is_lacking(wire: Wire) -> None:
    _, browser = scene(wire)
    await browser.logs_in("/page")
    answer = await browser.asks("/admin/x", "Sec-Fetch-Mode: cors")
    assert (answer.status, wire.last_record["code"]) == (401, "insufficient-user-authentication")
    challenge = (answer.get(b"www-authenticate") or b"").decode()
    assert challenge.startswith('Cookie realm="sso"')
    assert 'error="insufficient_user_authentication"' in challenge
    assert 'acr_values="mfa hw", max_age="300"' in challenge


@step_up
async def test_a_provider_that_lies_is_asked_once_and_not_for_ever(wire: Wire) -> None:
    desk, browser = scene(wire)
    await browser.logs_in("/page")
    back = await browser.comes_back(await browser.visits("/admin/x"))
    assert location(back) == "/admin/x"
    answer = await browser.visits("/admin/x")
    assert (answer.status, wire.last_record["code"]) == (403, "insufficient-user-authentication")
    assert len(desk.questions("oidc.begin")) == 2


@step_up
async def test_a_step_up_that_fails_leaves_the_session_as_it_was(wire: Wire) -> None:
    desk, browser = scene(wire)
    await browser.logs_in("/page")
    before = browser.cookies[COOKIE]
    away = await browser.visits("/admin/x")
    desk.completed = {"error": "login-failed"}
    assert (await browser.comes_back(away)).status == 403
    assert browser.cookies[COOKIE] == before
    assert (await browser.reaches("/page"))[1].status == 200


def bearer(**claims: Any) -> str:
    content = {"iss": ISSUER.name, "aud": "api", "sub": "ada", "exp": time.time() + 10**9, **claims}
    return f"Authorization: Bearer {ISSUER.token(content).decode()}"


@step_up
async def test_tokens_are_held_to_the_same_and_answered_as_rfc_9470_says(wire: Wire) -> None:
    desk, browser = scene(wire)
    wire.gateway.services["key_sets"].replace(key_set_name("api", URL), ISSUER.jwks())
    for claims in (
        {},
        {"acr": "mfa"},
        {"auth_time": desk.now},
        {"acr": "pwd", "auth_time": desk.now},
        {"acr": ["mfa"], "auth_time": desk.now},
        {"acr": "mfa", "auth_time": desk.now - 301},
        {"acr": "mfa", "auth_time": desk.now + 3600},
        {"acr": "mfa", "auth_time": True},
        {"acr": "mfa", "auth_time": str(desk.now)},
    ):
        answer = await browser.asks("/admin/x", bearer(**claims))
        assert answer.status == 401, claims
        challenge = answer.get(b"www-authenticate") or b""
        assert challenge.startswith(b'Bearer realm="api", error="insufficient_user_authentication"')
    _, answer = await browser.reaches("/admin/x", bearer(acr="mfa", auth_time=desk.now - 10))
    assert answer.status == 200


@step_up
async def test_a_bad_token_is_refused_and_starts_no_login(wire: Wire) -> None:
    desk, browser = scene(wire)
    wire.gateway.services["key_sets"].replace(key_set_name("api", URL), ISSUER.jwks())
    answer = await browser.asks("/page", "Authorization: Bearer x.y.z", "Accept: text/html", "Sec-Fetch-Mode: navigate")
    assert answer.status == 401
    assert desk.asked == []


@step_up
async def test_a_session_that_is_over_does_not_keep_a_token_from_being_believed(wire: Wire) -> None:
    _, browser = scene(wire)
    wire.gateway.services["key_sets"].replace(key_set_name("api", URL), ISSUER.jwks())
    browser.cookies = {COOKIE: "1.gone"}
    received, _ = await browser.reaches("/page", bearer())
    assert received.get(b"x-auth-subject") == b"ada"
    assert received.get(b"cookie") is None


@scenario(
    routes=[
        {
            "name": "admin",
            "match": {"path": "/*"},
            "upstream": "api",
            "authenticate": ["partners"],
            "authorize": {"acr": ["mfa"]},
        }
    ],
    settings={
        "identity": {
            "partners": {
                "api_key": {
                    "keys": [
                        {
                            "id": "k",
                            "consumer": "acme",
                            "sha256": sha256(KEY.encode()).hexdigest(),
                        }
                    ]
                }
            }
        }
    },
)
async def test_a_key_is_nobodys_login(wire: Wire) -> None:
    _, browser = scene(wire)
    answer = await browser.asks("/x", f"X-API-Key: {KEY}")
    assert answer.status == 403
