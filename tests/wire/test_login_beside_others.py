"""A login beside other entries of a route: together with a key, and before guests."""

from hashlib import sha256
from typing import Any

from wire.login_desk import COOKIE, oidc, scene
from wire.scenario import Wire, scenario

KEY = "k" * 40
SETTINGS: dict[str, Any] = {
    "identity": {
        "sso": oidc(),
        "partners": {"api_key": {"keys": [{"id": "k", "sha256": sha256(KEY.encode()).hexdigest()}]}},
        "guests": {"anonymous": {}},
    }
}
together = scenario(route={"public": False, "authenticate": [{"all": ["sso", "partners"]}]}, settings=SETTINGS)
before_guests = scenario(route={"public": False, "authenticate": ["sso", "guests"]}, settings=SETTINGS)


@together
async def test_a_session_and_a_key_come_together(wire: Wire) -> None:
    _, browser = scene(wire)
    await browser.logs_in()
    for _ in range(2):
        received, _ = await browser.reaches("/page", f"X-API-Key: {KEY}")
        assert received.get(b"x-auth-subject") == b"u1"
        assert received.get(b"x-api-key") is None
    assert (await browser.asks("/page")).status == 401


@together
async def test_a_key_with_a_session_that_is_over_is_not_enough(wire: Wire) -> None:
    desk, browser = scene(wire)
    await browser.logs_in()
    desk.now += 100_000
    answer = await browser.asks("/page", f"X-API-Key: {KEY}")
    assert answer.status == 401
    assert COOKIE not in browser.cookies


@before_guests
async def test_who_has_no_session_is_a_guest_and_may_log_in_by_a_link(wire: Wire) -> None:
    desk, browser = scene(wire)
    assert (await browser.reaches("/page"))[0].get(b"x-auth-subject") == b"anonymous"
    assert desk.asked == []
    await browser.comes_back(await browser.visits("/.hotgate/sso/login?return_to=/page"))
    assert (await browser.reaches("/page"))[0].get(b"x-auth-subject") == b"u1"


@before_guests
async def test_whose_session_is_over_is_a_guest_without_a_cookie(wire: Wire) -> None:
    desk, browser = scene(wire)
    await browser.comes_back(await browser.visits("/.hotgate/sso/login"))
    desk.now += 100_000
    received, _ = await browser.reaches("/page")
    assert received.get(b"x-auth-subject") == b"anonymous"
    assert COOKIE not in browser.cookies


@before_guests
async def test_a_session_from_another_site_makes_nobody_a_guest(wire: Wire) -> None:
    _, browser = scene(wire)
    await browser.comes_back(await browser.visits("/.hotgate/sso/login"))
    answer = await browser.asks("/page", "Sec-Fetch-Site: cross-site", method="POST")
    assert answer.status == 403
