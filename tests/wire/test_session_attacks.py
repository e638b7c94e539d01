"""Attacks on sessions: copied, planted, cut and mixed cookies, other sites, renewals that race, floods."""

import asyncio
from typing import Any

import pytest

from hotgate.keys.sealing_ring import SealingKey, SealingRing
from wire.login_desk import COOKIE, Browser, LoginDesk, oidc, scene
from wire.scenario import Wire, scenario

ROUTE: dict[str, Any] = {"public": False, "authenticate": ["sso"]}
login = scenario(route=ROUTE, settings={"identity": {"sso": oidc(), "other": oidc()}})


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


@login
async def test_all_sessions_of_a_client_end_with_it(wire: Wire) -> None:
    desk, browser = scene(wire)
    desk.session["claims"]["azp"] = "gateway"
    await browser.logs_in()
    assert (await browser.reaches("/page"))[1].status == 200
    desk.revoked_client, desk.version = "gateway", desk.version + 1
    assert (await browser.asks("/page")).status == 401
    assert COOKIE not in browser.cookies


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
