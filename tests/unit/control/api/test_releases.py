"""Releases are seen and changed through the API."""

import pytest

from unit.control.api.conftest import Api, Play


def test_what_is_asked_for_is_done(play_without_store: Play) -> None:
    async def script(api: Api) -> None:
        (release,) = (await api.shown("/releases"))["items"]
        assert (release["sides"][1]["percent"], release["since"]) == (5.0, "2027-01-15T08:00:00Z")
        for method, path, body in (
            ("PATCH", "/releases/orders", {"upstream": "green", "percent": 12.5}),
            ("POST", "/releases/orders/switch", {"upstream": "green"}),
            ("POST", "/releases/orders/abort", None),
            ("DELETE", "/releases/orders", None),
        ):
            assert (await api.ask(method, path, body)).status_code == 204
        assert api.state.releases.asked == [
            ("set_share", "orders", "green", 0.125),
            ("switch", "orders", "green"),
            ("abort", "orders"),
            ("reset", "orders"),
        ]

    play_without_store(script)


@pytest.mark.parametrize(
    "body",
    [
        {"upstream": "green", "percent": 100.1},
        {"upstream": "green", "percent": -1},
        {"upstream": "green", "percent": "5%"},
        {"upstream": "green"},
        {"upstream": "red", "percent": 1},
    ],
)
def test_wrong_input_changes_nothing(play: Play, body: dict[str, object]) -> None:
    async def script(api: Api) -> None:
        assert (await api.ask("PATCH", "/releases/orders", body)).status_code == 422
        assert api.state.releases.asked == []

    play(script)
