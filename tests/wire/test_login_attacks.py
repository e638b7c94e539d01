"""Attacks on logins and sessions: swapped, replayed, planted, cut and mixed values, and ways to other places."""

from typing import Any
from urllib.parse import quote

import pytest

from wire.login_desk import COOKIE, Browser, callback, location, oidc, scene
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


@pytest.mark.parametrize("code", ["", "\x00", "c\n", "ü", "\U0001f511", "c" * 4097])
@login
async def test_what_can_be_no_code_is_not_taken_to_the_provider(wire: Wire, code: str) -> None:
    """A few answers of 500 to nonsense, and the provider would be left alone: nobody could log in."""
    desk, browser = scene(wire)
    assert (await browser.comes_back(await browser.visits("/page"), code=code)).status == 400
    assert desk.questions("oidc.complete") == []
