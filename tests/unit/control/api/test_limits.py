"""Who is limited, quotas, and fresh starts, also without a store."""

import logging

import pytest

from unit.control.api.conftest import Api, Play

ONE = {"limit": "route/r", "key": "p/corp/alice"}
QUOTA = {"quota": "quota/r", "key": "c/acme"}


def test_who_is_limited_is_listed_and_shown(play_without_store: Play) -> None:
    async def script(api: Api) -> None:
        assert [each["key"] for each in (await api.shown("/limits"))["items"]] == ["p/corp/alice"]
        assert (await api.shown("/limits?containing=bob"))["items"] == []
        assert (await api.ask("GET", "/limits/key", params=ONE)).json()["level"] == -3.5
        unknown = await api.ask("GET", "/limits/key", params={**ONE, "limit": "route/x"})
        assert (unknown.status_code, unknown.json()["code"]) == (404, "limit-unknown")

    play_without_store(script)


def test_how_much_of_quotas_is_used_is_listed_and_shown(play_without_store: Play) -> None:
    async def script(api: Api) -> None:
        assert (await api.shown("/quotas"))["items"][0]["used"] == 7
        assert (await api.ask("GET", "/quotas/key", params=QUOTA)).json()["ends"] == "2026-11-27T00:00:00Z"
        unknown = await api.ask("GET", "/quotas/key", params={**QUOTA, "quota": "quota/x"})
        assert (unknown.status_code, unknown.json()["code"]) == (404, "quota-unknown")

    play_without_store(script)


def test_a_reset_is_done_once_told_and_written_down(play: Play, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "hotgate.audit")

    async def script(api: Api) -> None:
        assert (await api.ask("DELETE", "/limits/key", params=ONE)).status_code == 204
        assert (await api.ask("DELETE", "/quotas/key", params=QUOTA)).status_code == 204
        assert (await api.ask("DELETE", "/limits/key", params={**ONE, "limit": "x"})).status_code == 404
        assert (await api.ask("DELETE", "/quotas/key", params={**QUOTA, "quota": "x"})).status_code == 404
        assert api.state.limits.was_reset[:2] == [("route/r", "p/corp/alice"), ("quota/r", "c/acme")]

    play(script)
    assert [(record.msg, vars(record)["facts"]) for record in caplog.records] == [
        ("reset-limit", {"by": "ops", "subject": "route/r p/corp/alice"}),
        ("reset-quota", {"by": "ops", "subject": "quota/r c/acme"}),
    ]


def test_a_store_that_is_gone_is_said(play_without_store: Play) -> None:
    async def script(api: Api) -> None:
        api.state.limits.is_store_up = False
        for method, path in (("GET", "/quotas"), ("GET", "/quotas/key"), ("DELETE", "/quotas/key")):
            answer = await api.ask(method, path, params=QUOTA if path.endswith("key") else None)
            assert (answer.status_code, answer.json()["code"]) == (503, "store-unavailable")

    play_without_store(script)


@pytest.mark.parametrize(
    "path", ["/limits?most=1001", "/limits?most=0", "/quotas?most=x", "/limits?what=1", "/limits/key"]
)
def test_input_is_bounded(play_without_store: Play, path: str) -> None:
    async def script(api: Api) -> None:
        assert (await api.ask("GET", path)).status_code == 422

    play_without_store(script)
