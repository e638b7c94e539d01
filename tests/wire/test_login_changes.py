"""What a changed configuration does to those who are logged in, or are just logging in."""

from typing import Any

import pytest

from wire.login_desk import COOKIE, Browser, LoginDesk, oidc, scene
from wire.scenario import Wire, scenario

ROUTE: dict[str, Any] = {"public": False, "authenticate": ["sso"]}
login = scenario(route=ROUTE, settings={"identity": {"sso": oidc()}})


def changes(wire: Wire, desk: LoginDesk, **settings: Any) -> None:
    """The entry has other settings from now on."""
    changed = {**wire.gateway.configuration, "identity": {"sso": oidc(**settings)}}
    wire.gateway.reconfigure(changed, desk.services)


OTHERS: list[dict[str, Any]] = [
    {"issuer": "https://other.test"},
    {"client": {"id": "another", "secret": "s" * 32}},
]


@pytest.mark.parametrize("other", OTHERS)
@login
async def test_sessions_of_another_provider_or_client_are_nobodys(wire: Wire, other: dict[str, Any]) -> None:
    desk, browser = scene(wire)
    await browser.logs_in()
    changes(wire, desk, **other)
    assert (await browser.asks("/page")).status == 401
    assert COOKIE not in browser.cookies


@pytest.mark.parametrize("other", OTHERS)
@login
async def test_a_code_of_the_provider_before_is_not_taken_to_the_one_after(wire: Wire, other: dict[str, Any]) -> None:
    """Mix-up, by a reload between the two halves of a login."""
    desk, browser = scene(wire)
    away = await browser.visits("/page")
    changes(wire, desk, **other)
    assert (await browser.comes_back(away)).status == 400
    assert desk.questions("oidc.complete") == []


@pytest.mark.parametrize("keep", ["cookie", "store"])
@login
async def test_a_shorter_life_ends_sessions_that_are_there(wire: Wire, keep: str) -> None:
    """What a provider ends is remembered for the longest life: no session may outlast that."""
    desk, browser = scene(wire)
    changes(wire, desk, session={"keep": keep})
    await browser.logs_in()
    changes(wire, desk, session={"keep": keep, "idle": "10m", "absolute": "10m"})
    desk.now += 500
    assert (await browser.reaches("/page"))[1].status == 200
    desk.now += 100
    copy = Browser(wire, desk)
    copy.cookies = dict(browser.cookies)
    assert (await copy.asks("/page")).status == 401
