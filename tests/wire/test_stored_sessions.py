"""Sessions on our side: the browser has a key, the store has what only that key opens, and neither is enough alone."""

from typing import Any

import pytest

from hotgate.identity.base64url import decode
from hotgate.keys.sealing_ring import SealingKey, SealingRing
from wire.login_desk import COOKIE, Browser, oidc, scene
from wire.scenario import Wire, scenario

ROUTE: dict[str, Any] = {"public": False, "authenticate": ["sso"]}
login = scenario(route=ROUTE, settings={"identity": {"sso": oidc(session={"keep": "store", "idle": "2h"})}})


@login
async def test_the_cookie_is_short_and_says_nothing(wire: Wire) -> None:
    desk, browser = scene(wire)
    await browser.logs_in()
    assert len(browser.cookies[COOKIE]) == 2 + 87
    received, _ = await browser.reaches("/page")
    assert received.get(b"x-auth-subject") == b"u1"
    (created,) = desk.questions("session.create")
    assert (created["sid"], created["subject"]) == ("s1", "u1")
    assert created["digest"] not in browser.cookies[COOKIE]
    assert b"subject" not in decode(created["sealed"].encode())


@login
async def test_a_known_session_costs_no_question(wire: Wire) -> None:
    desk, browser = scene(wire)
    await browser.logs_in()
    for _ in range(3):
        await browser.reaches("/page")
    assert len(desk.questions("session.load")) == 1


@login
async def test_what_is_kept_opens_for_no_other_key(wire: Wire) -> None:
    """Somebody who can write into the database puts the record of one user under the key of another."""
    desk, browser = scene(wire)
    await browser.logs_in()
    other = Browser(wire, desk)
    await other.logs_in()
    mine, theirs = desk.records
    desk.records[mine]["sealed"] = desk.records[theirs]["sealed"]
    assert (await browser.asks("/page")).status == 401


@pytest.mark.parametrize("value", ["", "A", "A" * 42, "A" * 43, "A" * 87, "ü" * 43, "../../x"])
@login
async def test_what_is_no_key_is_not_even_asked_for(wire: Wire, value: str) -> None:
    """A flood of cookies that were made up costs the control process nothing, nor the database."""
    desk, browser = scene(wire)
    browser.cookies = {COOKIE: f"1.{value}"}
    assert (await browser.asks("/page")).status == 401
    assert desk.asked == []


@login
async def test_neither_is_a_key_of_other_gateways_or_a_session_that_is_in_its_cookie(wire: Wire) -> None:
    desk, browser = scene(wire)
    await browser.logs_in()
    desk.keys.ring = SealingRing([SealingKey.generate(desk.now)])
    assert (await browser.asks("/page")).status == 401
    changed = {**wire.gateway.configuration, "identity": {"sso": oidc(session={"keep": "cookie"})}}
    before = wire.gateway.configuration
    wire.gateway.reconfigure(changed, desk.services)
    browser.cookies = {}
    await browser.logs_in()
    wire.gateway.reconfigure(before, desk.services)
    assert (await browser.asks("/page")).status == 401
    assert desk.questions("session.load") == []


@login
async def test_a_session_that_was_deleted_is_over_at_its_next_look(wire: Wire) -> None:
    desk, browser = scene(wire)
    await browser.logs_in()
    await browser.reaches("/page")
    desk.records.clear()
    desk.now += 800
    assert (await browser.visits("/page")).status == 302
    assert COOKIE not in browser.cookies


@login
async def test_use_is_noted_now_and_then_and_keeps_the_session(wire: Wire) -> None:
    desk, browser = scene(wire)
    await browser.logs_in()
    for _ in range(4):
        desk.now += 3000
        desk.session["tokens"]["access_expires"] = None
        desk.refreshed = {"session": {**desk.session, "tokens": {**desk.session["tokens"]}}}
        _, answer = await browser.reaches("/page")
        assert answer.get_all(b"set-cookie") == []
    assert len(desk.questions("session.touch")) >= 2


@login
async def test_known_sessions_go_on_without_the_control_process_and_new_ones_wait(wire: Wire) -> None:
    desk, browser = scene(wire)
    await browser.logs_in()
    await browser.reaches("/page")
    stranger = Browser(wire, desk)
    await stranger.logs_in()
    desk.down = {"session.load", "session.touch", "oidc.refresh"}
    desk.now += 900
    for _ in range(2):
        assert (await browser.reaches("/page"))[1].status == 200
    answer = await stranger.asks("/page")
    assert answer.status == 503
    assert answer.get(b"retry-after") is not None
    assert COOKIE in stranger.cookies
    (ended,) = desk.questions("session.create")[:1]
    desk.revoke(ended["id"])
    assert (await browser.asks("/page")).status in (401, 503)


@login
async def test_nobody_who_was_away_comes_back_while_the_control_process_is_gone(wire: Wire) -> None:
    desk, browser = scene(wire)
    await browser.logs_in()
    await browser.reaches("/page")
    desk.down = {"session.load"}
    desk.now += 3000
    assert (await browser.reaches("/page"))[1].status == 200
    desk.now += 7199
    assert (await browser.reaches("/page"))[1].status == 200
    desk.now += 7201
    assert (await browser.asks("/page")).status == 503


@login
async def test_a_refresh_that_another_worker_has_won_harms_nobody(wire: Wire) -> None:
    desk, browser = scene(wire)
    await browser.logs_in()
    desk.now += 3700
    tokens = {**desk.session["tokens"], "access": "at-2", "access_expires": desk.now + 3600}
    desk.refreshed = {"session": {**desk.session, "tokens": tokens}}
    (record,) = desk.records.values()
    record["version"] = 5
    refuse, desk._session_replace = desk._session_replace, lambda body: None  # type: ignore[method-assign]
    assert (await browser.reaches("/page"))[1].status == 200
    desk._session_replace = refuse  # type: ignore[method-assign]


@login
async def test_when_there_is_no_room_nobody_is_logged_in(wire: Wire) -> None:
    desk, browser = scene(wire)
    desk._session_create = lambda body: {"error": "session-store-full"}  # type: ignore[method-assign]
    assert (await browser.logs_in()).status == 503
    assert COOKIE not in browser.cookies
