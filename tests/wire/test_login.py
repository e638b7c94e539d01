"""People log in with their browser: from a page to the provider, back with a session, and on as a known caller."""

from typing import Any

import pytest

from certificate_authority import authority
from wire.login_desk import CODE, COOKIE, NAVIGATION, NOW, PROVIDER, location, oidc, scene
from wire.samples import get
from wire.scenario import Wire, scenario

ROUTE: dict[str, Any] = {"public": False, "authenticate": ["sso"]}
SETTINGS: dict[str, Any] = {"identity": {"sso": oidc()}}
login = scenario(route=ROUTE, settings=SETTINGS)


@login
async def test_a_browser_is_sent_to_the_provider_and_returns_to_its_page_as_a_known_caller(wire: Wire) -> None:
    desk, browser = scene(wire)
    away = await browser.visits("/page?a=1&b=%20")
    assert away.status == 302
    assert location(away).startswith(PROVIDER)
    assert away.get(b"cache-control") == b"no-store"
    (began,) = desk.questions("oidc.begin")
    assert began["redirect_uri"] == "http://localhost/.hotgate/sso/callback"
    assert len({began["state"], began["nonce"], began["challenge"]}) == 3
    assert min(len(began[name]) for name in ("state", "nonce", "challenge")) >= 43
    back = await browser.comes_back(away, iss="https://idp.test")
    assert (back.status, location(back)) == (303, "/page?a=1&b=%20")
    assert back.get(b"referrer-policy") == b"no-referrer"
    assert back.get(b"cache-control") == b"no-store"
    (completed,) = desk.questions("oidc.complete")
    said = (completed["code"], completed["iss"], completed["nonce"])
    assert said == (CODE, "https://idp.test", began["nonce"])
    received, answer = await browser.reaches("/page?a=1&b=%20")
    assert answer.status == 200
    assert received.get(b"x-auth-subject") == b"u1"
    assert received.get(b"x-auth-groups") == b"staff"
    assert received.get(b"cookie") is None
    assert answer.get_all(b"set-cookie") == []
    assert wire.last_record["subject"] == "u1"


@scenario(route=ROUTE, settings=SETTINGS, listener={"tls": authority().issue("a.example").settings})
async def test_over_tls_the_provider_is_told_the_address_that_the_browser_used(wire: Wire) -> None:
    desk, browser = scene(wire)
    browser.host = "a.example:8443"
    assert location(await browser.logs_in("/page")) == "/page"
    assert desk.questions("oidc.begin")[0]["redirect_uri"] == "https://a.example:8443/.hotgate/sso/callback"


@login
async def test_nothing_of_a_login_is_in_the_log(wire: Wire) -> None:
    desk, browser = scene(wire)
    await browser.comes_back(await browser.visits("/page"), code="the-code-of-this-login")
    lines = str(wire.gateway.records.lines)
    state = desk.questions("oidc.begin")[0]["state"]
    for secret in (state, CODE, "at-1", "rt-1", browser.cookies[COOKIE]):
        assert secret not in lines


@pytest.mark.parametrize(
    "fields",
    [
        ("Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty"),
        ("Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"),
        ("Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image", "Accept: text/html"),
        ("Accept: application/json",),
        ("Accept: */*",),
        (*NAVIGATION, "X-Requested-With: XMLHttpRequest"),
        (*NAVIGATION, "Authorization: Basic eDp5"),
        (*NAVIGATION, "Sec-Purpose: prefetch;prerender"),
        (),
    ],
)
@login
async def test_a_program_gets_401_and_no_redirect(wire: Wire, fields: tuple[str, ...]) -> None:
    desk, browser = scene(wire)
    answer = await browser.asks("/api", *fields)
    assert answer.status == 401
    assert answer.get(b"location") is None
    assert answer.get(b"content-type") == b"application/problem+json"
    assert answer.get(b"www-authenticate") == b'Cookie realm="sso", login="/.hotgate/sso/login"'
    assert answer.get_all(b"set-cookie") == []
    assert desk.asked == []


@login
async def test_what_changes_something_is_never_redirected(wire: Wire) -> None:
    _, browser = scene(wire)
    answer = await browser.asks("/page", *NAVIGATION, method="POST")
    assert answer.status == 401


@login
async def test_a_browser_that_does_not_say_what_it_does_is_known_by_what_it_accepts(wire: Wire) -> None:
    _, browser = scene(wire)
    answer = await browser.asks("/page", "Accept: text/html,application/xhtml+xml")
    assert answer.status == 302


@login
async def test_two_tabs_log_in_at_once_and_each_returns_to_its_page(wire: Wire) -> None:
    _, browser = scene(wire)
    first, second = await browser.visits("/one"), await browser.visits("/two")
    assert location(await browser.comes_back(second)) == "/two"
    assert location(await browser.comes_back(first)) == "/one"
    assert (await browser.reaches("/one"))[1].status == 200


@login
async def test_a_browser_has_five_logins_under_way_at_most_and_the_oldest_goes(wire: Wire) -> None:
    desk, browser = scene(wire)
    begun = []
    for number in range(8):
        desk.now += 1
        begun.append(await browser.visits(f"/{number}"))
    assert len(browser.cookies) == 5
    assert (await browser.comes_back(begun[0])).status == 400
    assert location(await browser.comes_back(begun[3])) == "/3"


@login
async def test_the_back_button_leads_to_the_page_and_no_code_is_sent_twice(wire: Wire) -> None:
    desk, browser = scene(wire)
    away = await browser.visits("/page")
    await browser.comes_back(away)
    again = await browser.comes_back(away)
    assert (again.status, location(again)) == (303, "/page")
    assert len(desk.questions("oidc.complete")) == 1


@login
async def test_a_login_takes_ten_minutes_at_most(wire: Wire) -> None:
    desk, browser = scene(wire)
    away = await browser.visits("/page")
    desk.now += 601
    assert (await browser.comes_back(away)).status == 400
    assert desk.questions("oidc.complete") == []


@login
async def test_where_cookies_would_be_lost_nobody_is_sent_away(wire: Wire) -> None:
    desk, browser = scene(wire)
    browser.host = "a.example"
    answer = await browser.visits("/page")
    assert (answer.status, wire.last_record["code"]) == (400, "login-insecure")
    assert desk.asked == []


@login
async def test_a_browser_that_keeps_no_session_is_told_so_instead_of_being_sent_around(wire: Wire) -> None:
    _, browser = scene(wire)
    await browser.logs_in()
    del browser.cookies[COOKIE]
    answer = await browser.visits("/page")
    assert (answer.status, wire.last_record["code"]) == (400, "session-not-kept")
    assert b"/.hotgate/sso/login?return_to=%2Fpage" in answer.body


@login
async def test_who_keeps_no_cookies_at_all_ends_at_the_callback(wire: Wire) -> None:
    _, browser = scene(wire)
    away = await browser.visits("/page")
    browser.cookies.clear()
    answer = await browser.comes_back(away)
    assert (answer.status, wire.last_record["code"]) == (400, "login-unknown")


@pytest.mark.parametrize(
    ("error", "status"),
    [("access_denied", 403), ("temporarily_unavailable", 503), ("<script>alert(1)</script>", 502), ("a\r\nb", 502)],
)
@login
async def test_an_error_of_the_provider_is_told_in_our_words(wire: Wire, error: str, status: int) -> None:
    desk, browser = scene(wire)
    away = await browser.visits("/page")
    answer = await browser.comes_back(away, error=error, error_description="<script>evil</script>")
    assert (answer.status, wire.last_record["code"]) == (status, "login-refused")
    assert b"<script" not in answer.body
    assert b"evil" not in answer.body
    assert desk.questions("oidc.complete") == []
    assert COOKIE not in browser.cookies


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"error": "login-failed", "detail": "x"}, 403),
        ({"error": "provider-unavailable"}, 503),
        ({"error": "busy"}, 503),
        ({"error": "<b>"}, 403),
    ],
)
@login
async def test_a_login_that_fails_gives_no_session(wire: Wire, answer: dict[str, str], status: int) -> None:
    desk, browser = scene(wire)
    desk.completed = answer
    back = await browser.logs_in()
    assert back.status == status
    assert COOKIE not in browser.cookies


@pytest.mark.parametrize("about", ["oidc.begin", "oidc.complete", "single_use"])
@login
async def test_without_the_control_process_nobody_logs_in(wire: Wire, about: str) -> None:
    desk, browser = scene(wire)
    desk.down = {about}
    away = await browser.visits("/page")
    answer = away if about == "oidc.begin" else await browser.comes_back(away)
    assert (answer.status, wire.last_record["code"]) == (503, "login-unavailable")
    assert answer.get(b"retry-after") == b"5"


@scenario(route=ROUTE, settings={"identity": {"sso": oidc(session={"same_site": "strict"})}})
async def test_a_strict_cookie_is_waited_for_by_a_page_of_our_own(wire: Wire) -> None:
    _, browser = scene(wire)
    back = await browser.logs_in('/page?a=%22%3E&b="')
    assert back.status == 200
    assert b'<meta http-equiv="refresh" content="0; url=/page?a=%22%3E&amp;b=&quot;">' in back.body
    session = next(field for field in back.get_all(b"set-cookie") if field.startswith(COOKIE.encode() + b"="))
    assert session.endswith(b"; SameSite=Strict")


@scenario(
    routes=[
        {"name": "app", "match": {"path": "/*"}, "upstream": "api", "authenticate": ["sso", "other"]},
        {"name": "open", "match": {"path": "/open/*"}, "upstream": "api", "public": True},
    ],
    settings={"identity": {"sso": oidc(title='<"Work">'), "other": oidc(title="Home")}},
)
async def test_several_providers_are_a_choice_that_cannot_be_framed_or_scripted(wire: Wire) -> None:
    desk, browser = scene(wire)
    answer = await browser.visits("/page?x=<1>")
    assert answer.status == 401
    assert desk.asked == []
    assert b"&lt;&quot;Work&quot;&gt;" in answer.body
    assert b'href="/.hotgate/other/login?return_to=%2Fpage%3Fx%3D%3C1%3E"' in answer.body
    policy = answer.get(b"content-security-policy") or b""
    assert b"default-src 'none'" in policy
    assert b"frame-ancestors 'none'" in policy
    assert answer.get(b"x-frame-options") == b"DENY"
    assert b"<script" not in answer.body
    away = await browser.visits("/.hotgate/sso/login?return_to=%2Fpage")
    assert away.status == 302
    assert location(await browser.comes_back(away)) == "/page"
    assert (await browser.reaches("/page"))[0].get(b"x-auth-provider") == b"sso"


@scenario(
    routes=[
        {"name": "app", "match": {"path": "/app/*"}, "upstream": "api", "authenticate": ["sso"]},
        {"name": "open", "match": {"path": "/open/*"}, "upstream": "api", "public": True},
    ],
    settings=SETTINGS,
)
async def test_no_backend_sees_the_cookies_of_the_gateway_and_every_one_sees_its_own(wire: Wire) -> None:
    _, browser = scene(wire)
    await browser.logs_in("/app/1")
    browser.cookies = {"a": "1", **browser.cookies, "theme": "dark"}
    for target in ("/open/x", "/app/x"):
        received, _ = await browser.reaches(target)
        assert received.get(b"cookie") == b"a=1; theme=dark"


@scenario(route=ROUTE, settings={"identity": {"sso": oidc(forward="access_token")}})
async def test_the_backend_gets_the_access_token_instead_of_what_the_client_sends(wire: Wire) -> None:
    _, browser = scene(wire)
    await browser.logs_in()
    for _ in range(2):
        received, _ = await browser.reaches("/page", "Authorization: Bearer forged")
        assert received.get_all(b"authorization") == [b"Bearer at-1"]


@pytest.mark.parametrize("token", [None, "", "a\r\nX-Auth-Subject: admin", "a b", "é"])
@scenario(route=ROUTE, settings={"identity": {"sso": oidc(forward="access_token")}})
async def test_a_token_that_is_none_makes_no_session(wire: Wire, token: str | None) -> None:
    desk, browser = scene(wire)
    desk.session["tokens"]["access"] = token
    assert (await browser.logs_in()).status == 403
    assert COOKIE not in browser.cookies


@login
async def test_the_application_keeps_its_own_authorization_where_nothing_is_forwarded(wire: Wire) -> None:
    _, browser = scene(wire)
    await browser.logs_in()
    received, _ = await browser.reaches("/page", "Authorization: Custom x")
    assert received.get(b"authorization") == b"Custom x"


@scenario(route=ROUTE, settings={"identity": {"sso": oidc(session={"idle": "10m", "absolute": "1h"})}})
async def test_a_session_that_is_used_lives_on_and_one_that_is_not_ends(wire: Wire) -> None:
    desk, browser = scene(wire)
    desk.session["tokens"]["refresh"] = None
    await browser.logs_in()
    for _ in range(5):
        desk.now += 500
        _, answer = await browser.reaches("/page")
        assert answer.status == 200
        assert answer.get(b"cache-control") == b"no-store"
        assert any(field.startswith(COOKIE.encode()) for field in answer.get_all(b"set-cookie"))
    desk.now += 601
    assert (await browser.visits("/page")).status == 302
    assert COOKIE not in browser.cookies


@scenario(route=ROUTE, settings={"identity": {"sso": oidc(session={"idle": "10m", "absolute": "20m"})}})
async def test_no_session_outlives_its_absolute_life(wire: Wire) -> None:
    desk, browser = scene(wire)
    desk.session["tokens"]["refresh"] = None
    await browser.logs_in()
    for _ in range(3):
        desk.now += 390
        assert (await browser.reaches("/page"))[1].status == 200
    desk.now = NOW + 1200
    assert (await browser.asks("/page")).status == 401


@login
async def test_the_answer_of_a_backend_that_renews_a_session_is_kept_by_no_cache(wire: Wire) -> None:
    desk, browser = scene(wire)
    await browser.logs_in()
    desk.now += 300
    _, answer = await browser.reaches("/page", says="Cache-Control: public, max-age=60")
    assert answer.get_all(b"set-cookie") != []
    assert b"no-store" in answer.get_all(b"cache-control")


@scenario(route=ROUTE, settings={"identity": {"sso": oidc(session={"idle": "2h"})}})
async def test_a_session_that_is_renewed_when_a_websocket_opens_is_told_to_the_browser(wire: Wire) -> None:
    desk, browser = scene(wire)
    await browser.logs_in()
    desk.now += 3700
    tokens = {**desk.session["tokens"], "access_expires": desk.now + 3600}
    desk.refreshed = {"session": {**desk.session, "tokens": tokens}}
    cookie = browser.cookies[COOKIE]
    upgrade = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
    client = await wire.send(get("/ws", *upgrade, f"Sec-WebSocket-Key: {'A' * 22}==", f"Cookie: {COOKIE}={cookie}"))
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    answer = await client.head()
    assert answer.status == 101
    assert any(field.startswith(COOKIE.encode()) for field in answer.get_all(b"set-cookie"))


@login
async def test_an_endpoint_of_the_gateway_takes_no_body_and_no_other_method(wire: Wire) -> None:
    _, browser = scene(wire)
    assert (await browser.asks("/.hotgate/sso/callback", method="POST")).status in (401, 405)


@login
async def test_a_login_begins_in_a_window_of_its_own_only(wire: Wire) -> None:
    desk, browser = scene(wire)
    answer = await browser.asks(
        "/.hotgate/sso/login?return_to=/x", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"
    )
    assert answer.status == 403
    assert desk.asked == []
