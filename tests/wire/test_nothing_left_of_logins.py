"""Logins and sessions leave no reference cycle, whether or not somebody answers, and however a session ends."""

from typing import Any

import pytest

from wire.leftovers import no_collection, relays
from wire.login_desk import COOKIE, oidc, scene
from wire.peer import turns
from wire.scenario import Wire, scenario

pytestmark = pytest.mark.usefixtures(no_collection.__name__)

ROUTE: dict[str, Any] = {"public": False, "authenticate": ["sso"]}


KEPT = {keep: {"identity": {"sso": oidc(session={"keep": keep, "idle": "2h"})}} for keep in ("cookie", "store")}


@pytest.mark.parametrize("keep", KEPT)
def test_of_a_session_that_is_begun_used_and_renewed(keep: str) -> None:
    @scenario(route=ROUTE, settings=KEPT[keep])
    async def script(wire: Wire) -> None:
        desk, browser = scene(wire)
        await browser.logs_in()
        for _ in range(2):
            await browser.reaches("/page")
            desk.now += 3595
            tokens = {**desk.session["tokens"], "access_expires": desk.now + 3600}
            desk.refreshed = {"session": {**desk.session, "tokens": tokens}}
        await turns(20)
        assert relays() == 0

    script()


@pytest.mark.parametrize("keep", KEPT)
@pytest.mark.parametrize("down", ["oidc.begin", "oidc.complete", "single_use", "session.create", "session.load"])
def test_of_one_for_which_nobody_answers(keep: str, down: str) -> None:
    @scenario(route=ROUTE, settings=KEPT[keep])
    async def script(wire: Wire) -> None:
        desk, browser = scene(wire)
        desk.down = {down}
        away = await browser.visits("/page")
        if down != "oidc.begin":
            await browser.comes_back(away)
        is_known = (keep, down) == ("store", "session.load")
        if not is_known:
            browser.cookies = {COOKIE: "1." + "A" * 87}
        assert (await browser.asks("/page")).status == (503 if is_known else 401)
        await turns(20)
        assert relays() == 0

    script()
