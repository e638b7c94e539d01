"""Attacks on logins and sessions: swapped, replayed, planted, cut and mixed values, and ways to other places."""

import asyncio
from typing import Any
from urllib.parse import quote

import pytest

from hotgate.keys.sealing_ring import SealingKey, SealingRing
from wire.login_desk import COOKIE, Browser, LoginDesk, callback, location, oidc, scene
from wire.scenario import Wire, scenario

ROUTE: dict[str, Any] = {"public": False, "authenticate": ["sso"]}
SETTINGS: dict[str, Any] = {"identity": {"sso": oidc(), "other": oidc()}}
login = scenario(route=ROUTE, settings=SETTINGS)

ELSEWHERE = [
    "https://evil.test/",
    "//evil.test/",
    "///evil.test/",
    "////evil.test",
    "/\\evil.test",
    "\\\\evil.test",
    "/\t/evil.test",
    "/\n/evil.test",
    "/\r\n/evil.test",
    " //evil.test",
    "\x00//evil.test",
    "javascript:alert(1)",
    "data:text/html,x",
    "http:evil.test",
    "https:/evil.test",
    "evil.test",
    "@evil.test",
    "?//evil.test",
    "#//evil.test",
    "/%5Cevil.test",
    "/%09/evil.test",
    "/..//evil.test",
    "/./\\evil.test",
    "/a/../../evil.test",
    "/%2e%2e//evil.test",
    "/#@evil.test",
    "/a b",
    "/\u2025/evil.test",
    "\uff0f\uff0fevil.test",
    "/\u200b/evil.test",
    "/.hotgate/sso/callback?code=x&state=y",
    "/.hotgate/sso/login?return_to=/",
    "/.hotgate/sso",
    "/.hotgate/./sso/login",
    "/%2ehotgate/sso/login",
    "/x" * 600,
    "",
]


@pytest.mark.parametrize("wanted", ELSEWHERE)
@login
async def test_nobody_is_sent_to_another_place_than_a_page_of_this_host(wire: Wire, wanted: str) -> None:
    _, browser = scene(wire)
    away = await browser.visits(f"/.hotgate/sso/login?return_to={quote(wanted, safe='')}")
    assert location(await browser.comes_back(away)) == "/"


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/a/b?c=d&e=//evil.test", "/a/b?c=d&e=//evil.test"),
        ("/a//evil.test", "/a/evil.test"),
        ("/a/./b", "/a/b"),
        ("/.//evil.test", "/evil.test"),
        ("/%7Ea", "/~a"),
        ("/a?x=%0d%0aSet-Cookie:%20y=z", "/a?x=%0d%0aSet-Cookie:%20y=z"),
        ("/a?" + "x" * 2000, "/a"),
        ("/.hotgate/ssox", "/.hotgate/ssox"),
    ],
)
@login
async def test_pages_of_this_host_are_reached_in_their_one_spelling(wire: Wire, wanted: str, reached: str) -> None:
    _, browser = scene(wire)
    away = await browser.visits(f"/.hotgate/sso/login?return_to={quote(wanted, safe='')}")
    assert location(await browser.comes_back(away)) == reached


@login
async def test_a_page_that_is_asked_for_cannot_lead_elsewhere_either(wire: Wire) -> None:
    _, browser = scene(wire)
    assert location(await browser.logs_in("//evil.test/x")) == "/evil.test/x"


@login
async def test_a_parameter_of_the_callback_leads_nowhere(wire: Wire) -> None:
    _, browser = scene(wire)
    away = await browser.visits("/page")
    back = await browser.comes_back(away, return_to="//evil.test", redirect_uri="https://evil.test")
    assert location(back) == "/page"


@login
async def test_the_callback_of_somebody_else_logs_nobody_in(wire: Wire) -> None:
    """Login CSRF: the attacker's own code and state, in the browser of the victim."""
    desk, attacker = scene(wire)
    victim = Browser(wire, desk)
    away = await attacker.visits("/page")
    assert (await victim.comes_back(away)).status == 400
    assert victim.cookies == {}
    assert desk.questions("oidc.complete") == []


@login
async def test_the_callback_of_somebody_else_changes_no_session(wire: Wire) -> None:
    desk, attacker = scene(wire)
    victim = Browser(wire, desk)
    await victim.logs_in()
    before = victim.cookies[COOKIE]
    answer = await victim.comes_back(await attacker.visits("/page"))
    assert (answer.status, location(answer)) == (303, "/")
    assert victim.cookies[COOKIE] == before
    assert len(desk.questions("oidc.complete")) == 1


@login
async def test_states_and_nonces_of_two_tabs_cannot_be_swapped(wire: Wire) -> None:
    desk, browser = scene(wire)
    first, second = await browser.visits("/one"), await browser.visits("/two")
    began = desk.questions("oidc.begin")
    names = [name for name in browser.cookies if "~login~" in name]
    one, two = (browser.cookies[name] for name in names)
    browser.cookies.update({names[0]: two, names[1]: one})
    assert (await browser.comes_back(first)).status == 400
    browser.cookies.update({names[0]: one, names[1]: two})
    await browser.comes_back(second)
    (completed,) = desk.questions("oidc.complete")
    assert completed["nonce"] == began[1]["nonce"]


@login
async def test_a_state_must_be_right_to_its_last_character(wire: Wire) -> None:
    desk, browser = scene(wire)
    away = await browser.visits("/page")
    target = callback(away)
    last = "A" if target[-1] != "A" else "B"
    assert (await browser.visits(target[:-1] + last)).status == 400
    assert (await browser.visits(target + "&state=x")).status == 400
    assert (await browser.visits(target + "&code=c2")).status == 400
    assert desk.questions("oidc.complete") == []


@login
async def test_a_copy_of_the_cookie_does_not_finish_a_login_twice(wire: Wire) -> None:
    desk, browser = scene(wire)
    away = await browser.visits("/page")
    thief = Browser(wire, desk)
    thief.cookies = dict(browser.cookies)
    await browser.comes_back(away)
    assert (await thief.comes_back(away)).status == 400
    assert COOKIE not in thief.cookies


@login
async def test_codes_that_are_made_up_use_nothing_up(wire: Wire) -> None:
    desk, browser = scene(wire)
    desk.completed = {"error": "login-failed"}
    await browser.logs_in()
    assert desk.questions("single_use") == []


@scenario(
    routes=[
        {"name": "a", "match": {"path": "/a/*"}, "upstream": "api", "authenticate": ["sso"]},
        {"name": "b", "match": {"path": "/b/*"}, "upstream": "api", "authenticate": ["other"]},
    ],
    settings=SETTINGS,
)
async def test_what_one_entry_has_sealed_opens_for_no_other(wire: Wire) -> None:
    """Mix-up: neither a session nor a login under way goes from one provider to another."""
    desk, browser = scene(wire)
    await browser.logs_in("/a/1")
    session = browser.cookies[COOKIE]
    browser.cookies = {"__Host-hotgate-other": session}
    assert (await browser.asks("/b/1")).status == 401
    browser.cookies = {}
    away = await browser.visits("/a/1")
    browser.cookies = {name.replace("-sso~", "-other~"): value for name, value in browser.cookies.items()}
    answer = await browser.visits(callback(away).replace("/sso/", "/other/"))
    assert answer.status == 400
    assert len(desk.questions("oidc.complete")) == 1


@login
async def test_a_login_that_is_under_way_is_no_session(wire: Wire) -> None:
    _, browser = scene(wire)
    await browser.visits("/page")
    (sealed,) = browser.cookies.values()
    browser.cookies = {COOKIE: f"1.{sealed}"}
    assert (await browser.asks("/page")).status == 401


@login
async def test_a_login_gives_a_new_session_and_ends_the_one_before(wire: Wire) -> None:
    """Fixation: a session that was planted, or is known to somebody, is nobody's afterwards."""
    desk, browser = scene(wire)
    await browser.logs_in()
    planted = browser.cookies[COOKIE]
    await browser.comes_back(await browser.visits("/.hotgate/sso/login"))
    assert browser.cookies[COOKIE] != planted
    attacker = Browser(wire, desk)
    attacker.cookies = {COOKIE: planted}
    assert (await attacker.asks("/page")).status == 401
    assert (await browser.reaches("/page"))[1].status == 200


@login
async def test_no_copy_of_a_session_outlives_its_end(wire: Wire) -> None:
    desk, browser = scene(wire)
    await browser.logs_in()
    assert (await browser.reaches("/page"))[1].status == 200
    copy = Browser(wire, desk)
    copy.cookies = {COOKIE: browser.cookies[COOKIE]}
    began = await browser.visits("/.hotgate/sso/login")
    await browser.comes_back(began)
    desk.revoke(desk.questions("session.end")[0]["id"])
    for _ in range(2):
        answer = await copy.asks("/page")
        assert answer.status == 401
    assert COOKIE not in copy.cookies


def changed(value: str) -> list[str]:
    """Everything that somebody may make of a cookie."""
    middle = len(value) // 2
    other = "A" if value[middle] != "A" else "B"
    return [
        value[:-1],
        value[:middle],
        value[:middle] + other + value[middle + 1 :],
        value + "A",
        value[2:],
        "2" + value[1:],
        "0" + value[1:],
        "9" + value[1:],
        "1.",
        "",
        '"' + value + '"',
        "1.AQ" + "A" * 60,
    ]


@login
async def test_a_cookie_that_was_changed_is_no_session_and_goes(wire: Wire) -> None:
    _, browser = scene(wire)
    await browser.logs_in()
    good = browser.cookies[COOKIE]
    for value in changed(good):
        browser.cookies = {COOKIE: value}
        assert (await browser.asks("/page")).status == 401, value
        assert COOKIE not in browser.cookies
    browser.cookies = {COOKIE: good}
    assert (await browser.reaches("/page"))[1].status == 200


def large(desk: LoginDesk, size: int) -> None:
    desk.session["tokens"]["id_token"] = "x" * size


@login
async def test_a_large_session_is_spread_and_its_parts_cannot_be_cut_or_mixed(wire: Wire) -> None:
    desk, browser = scene(wire)
    large(desk, 6000)
    await browser.logs_in()
    first = {name: value for name, value in browser.cookies.items() if "login" not in name and "back" not in name}
    assert sorted(first) == [COOKIE, f"{COOKIE}~1", f"{COOKIE}~2"]
    browser.cookies = dict(first)
    assert (await browser.reaches("/page"))[0].get(b"cookie") is None
    other = Browser(wire, desk)
    await other.logs_in()
    second = f"{COOKIE}~1"
    for attempt in (
        {COOKIE: first[COOKIE], second: first[second]},
        {COOKIE: first[COOKIE]},
        {**first, second: other.cookies[second]},
        {**first, second: first[f"{COOKIE}~2"], f"{COOKIE}~2": first[second]},
        {**first, COOKIE: "2" + first[COOKIE][1:]},
    ):
        browser.cookies = dict(attempt)
        assert (await browser.asks("/page")).status == 401
        assert browser.cookies == {}


@login
async def test_what_is_left_of_a_larger_session_is_cleared(wire: Wire) -> None:
    desk, browser = scene(wire)
    large(desk, 6000)
    await browser.logs_in()
    large(desk, 10)
    await browser.comes_back(await browser.visits("/.hotgate/sso/login"))
    assert not [name for name in browser.cookies if name.startswith((f"{COOKIE}~1", f"{COOKIE}~2"))]
    assert (await browser.reaches("/page"))[1].status == 200


@login
async def test_a_session_that_fits_into_no_cookies_is_refused_and_operators_hear_what_helps(wire: Wire) -> None:
    desk, browser = scene(wire)
    large(desk, 20_000)
    assert (await browser.logs_in()).status == 403
    assert COOKIE not in browser.cookies
    assert "keep: store" in wire.last_record["log_detail"]


@login
async def test_a_cookie_that_is_there_twice_is_no_session(wire: Wire) -> None:
    _, browser = scene(wire)
    await browser.logs_in()
    assert (await browser.asks("/page", f"Cookie: {COOKIE}=x")).status == 401


@pytest.mark.parametrize("code", ["", "\x00", "c\n", "ü", "\U0001f511", "c" * 4097])
@login
async def test_what_can_be_no_code_is_not_taken_to_the_provider(wire: Wire, code: str) -> None:
    """A few answers of 500 to nonsense, and the provider would be left alone: nobody could log in."""
    desk, browser = scene(wire)
    assert (await browser.comes_back(await browser.visits("/page"), code=code)).status == 400
    assert desk.questions("oidc.complete") == []


@pytest.mark.parametrize("spelling", ["{}", "{}\t", '"{}"', "\t{}", "{} ", "\xa0{}"])
@login
async def test_no_spelling_of_a_cookie_reaches_a_backend(wire: Wire, spelling: str) -> None:
    _, browser = scene(wire)
    await browser.logs_in()
    field = f"Cookie: a=1; {spelling.format('__Host-hotgate-other')}=secret; b=2"
    received, _ = await browser.reaches("/page", field)
    assert received.get(b"cookie") == b"a=1; b=2"


@pytest.mark.parametrize("spelling", ['"{}"', "\xa0{}"])
@login
async def test_a_neighbouring_host_plants_no_session(wire: Wire, spelling: str) -> None:
    """Browsers let every host of a domain set such a name; only what begins with `__Host-` to the letter is safe."""
    desk, attacker = scene(wire)
    await attacker.logs_in()
    victim = Browser(wire, desk)
    planted = f"Cookie: {spelling.format(COOKIE)}={attacker.cookies[COOKIE]}"
    assert (await victim.asks("/page", planted)).status == 401
    await victim.logs_in()
    assert (await victim.reaches("/page", planted))[1].status == 200


@login
async def test_keys_that_are_gone_open_nothing_and_earlier_ones_do(wire: Wire) -> None:
    desk, browser = scene(wire)
    await browser.logs_in()
    assert desk.keys.ring is not None
    old = desk.keys.ring.keys[0]
    session = browser.cookies[COOKIE]
    desk.keys.ring = SealingRing([old, SealingKey.generate(desk.now)])
    fresh = Browser(wire, desk)
    await fresh.logs_in()
    assert fresh.cookies[COOKIE][2:10] != session[2:10]  # version and key id
    assert (await browser.reaches("/page"))[1].status == 200
    desk.keys.ring = SealingRing([SealingKey.generate(desk.now)])
    wire.gateway.reconfigure(wire.gateway.configuration, desk.services)
    assert (await browser.asks("/page")).status == 401


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        (("Sec-Fetch-Site: cross-site",), 403),
        (("Sec-Fetch-Site: same-site",), 403),
        (("Origin: https://evil.test",), 403),
        (("Origin: null",), 403),
        (("Sec-Fetch-Site: same-origin", "Origin: http://localhost"), 200),
    ],
)
@login
async def test_other_sites_change_nothing_with_a_session(wire: Wire, fields: tuple[str, ...], status: int) -> None:
    _, browser = scene(wire)
    await browser.logs_in()
    if status == 200:
        _, answer = await browser.reaches("/page", *fields, method="POST")
    else:
        answer = await browser.asks("/page", *fields, method="POST")
    assert answer.status == status


@login
async def test_another_site_opens_no_websocket_with_a_session(wire: Wire) -> None:
    _, browser = scene(wire)
    await browser.logs_in()
    answer = await browser.asks(
        "/page",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Origin: https://evil.test",
    )
    assert answer.status == 403


@scenario(route=ROUTE, settings={"identity": {"sso": oidc(session={"idle": "2h"})}})
async def test_requests_that_meet_an_old_token_refresh_it_once_and_all_get_the_new_session(wire: Wire) -> None:
    desk, browser = scene(wire)
    await browser.logs_in()
    desk.now += 3595
    tokens = {"access": "at-2", "access_expires": desk.now + 3600, "refresh": "rt-2", "id_token": "id-2"}
    desk.refreshed = {"session": {**desk.session, "tokens": tokens}}
    before = browser.cookies[COOKIE]
    answers = await asyncio.gather(*(browser.reaches("/page") for _ in range(4)))
    assert {answer.status for _, answer in answers} == {200}
    assert len(desk.questions("oidc.refresh")) == 1
    late = Browser(wire, desk)
    late.cookies = {COOKIE: before}
    assert (await late.reaches("/page"))[1].status == 200
    assert late.cookies[COOKIE] != before
    assert len(desk.questions("oidc.refresh")) == 1


@login
async def test_a_refresh_makes_nobody_somebody_else_and_no_life_longer(wire: Wire) -> None:
    desk, browser = scene(wire)
    await browser.logs_in()
    for step in (1700, 1700, 200):
        desk.now += step
        tokens = {**desk.session["tokens"], "access_expires": desk.now + 9000}
        forged = {"id": "other", "subject": "u2", "created": desk.now, "absolute_end": desk.now + 10**6}
        desk.refreshed = {"session": {**desk.session, **forged, "tokens": tokens}}
        received, _ = await browser.reaches("/page")
        assert received.get(b"x-auth-subject") == b"u1"
    (asked,) = desk.questions("oidc.refresh")
    desk.revoke(asked["session"]["id"])
    assert (await browser.asks("/page")).status == 401


@scenario(route=ROUTE, settings={"identity": {"sso": oidc(session={"idle": "2h"})}})
async def test_a_session_that_its_provider_has_ended_is_over(wire: Wire) -> None:
    desk, browser = scene(wire)
    await browser.logs_in()
    desk.now += 3700
    assert (await browser.visits("/page")).status == 302
    assert COOKIE not in browser.cookies


@scenario(route=ROUTE, settings={"identity": {"sso": oidc(session={"idle": "2h"})}})
async def test_while_the_provider_is_down_known_sessions_go_on(wire: Wire) -> None:
    desk, browser = scene(wire)
    await browser.logs_in()
    desk.refreshed = {"error": "provider-unavailable"}
    desk.now += 3700
    for _ in range(3):
        assert (await browser.reaches("/page"))[1].status == 200
    assert len(desk.questions("oidc.refresh")) == 1
    desk.down = {"oidc.refresh"}
    desk.now += 11
    assert (await browser.reaches("/page"))[1].status == 200


@scenario(route=ROUTE, settings={"identity": {"sso": oidc(session={"idle": "2h"}, forward="access_token")}})
async def test_a_token_that_has_ended_is_not_forwarded(wire: Wire) -> None:
    desk, browser = scene(wire)
    await browser.logs_in()
    desk.refreshed = {"error": "provider-unavailable"}
    desk.now += 3700
    assert (await browser.asks("/page")).status == 503


@login
async def test_a_flood_of_invented_cookies_leaves_nothing_behind(wire: Wire) -> None:
    desk, browser = scene(wire)
    for number in range(50):
        browser.cookies = {COOKIE: f"1.{number:0100d}"}
        assert (await browser.asks("/page")).status == 401
    assert desk.asked == []
