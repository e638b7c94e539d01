"""Consumers, as the API shows and changes them."""

import pytest

from unit.control.api.conftest import Api, Play, wrong


def test_the_life_of_a_consumer(play: Play) -> None:
    async def script(api: Api) -> None:
        made = await api.ask("POST", "/consumers", {"name": "acme", "groups": ["eu"], "metadata": {"a": [1]}})
        assert made.status_code == 201
        assert made.headers["location"] == "/api/v1/consumers/acme"
        assert made.json() == {
            "name": "acme",
            "groups": ["eu"],
            "roles": [],
            "tier": None,
            "metadata": {"a": [1]},
            "disabled": False,
            "created": "2027-01-15T08:00:00Z",
        }
        assert await api.shown("/consumers/acme") == made.json()
        changed = await api.ask("PATCH", "/consumers/acme", {"tier": "gold", "disabled": True})
        assert changed.json() == {**made.json(), "tier": "gold", "disabled": True}
        removed = await api.ask("DELETE", "/consumers/acme")
        assert (removed.status_code, removed.content) == (204, b"")
        gone = await api.ask("GET", "/consumers/acme")
        assert (gone.status_code, gone.json()["code"]) == (404, "consumer-unknown")
        assert await api.writes() == 3

    play(script)


def test_null_takes_a_tier_away(play: Play) -> None:
    async def script(api: Api) -> None:
        await api.made("/consumers", name="acme", tier="gold", roles=["admin"])
        changed = (await api.ask("PATCH", "/consumers/acme", {"tier": None})).json()
        assert (changed["tier"], changed["roles"]) == (None, ["admin"])

    play(script)


def test_pages(play: Play) -> None:
    async def script(api: Api) -> None:
        for name in "dbace":
            await api.made("/consumers", name=name)
        names, after, pages = [], "", 0
        while after is not None:
            page = await api.shown(f"/consumers?limit=2&after={after}")
            names += [each["name"] for each in page["items"]]
            after, pages = page["next"], pages + 1
        assert (names, pages) == (["a", "b", "c", "d", "e"], 3)

    play(script)


def test_one_that_is_there_already(play: Play) -> None:
    async def script(api: Api) -> None:
        await api.made("/consumers", name="acme", tier="gold")
        again = await api.ask("POST", "/consumers", {"name": "acme"})
        assert (again.status_code, again.json()["code"]) == (409, "consumer-exists")
        assert (await api.shown("/consumers/acme"))["tier"] == "gold"

    play(script)


@pytest.mark.parametrize(
    "name",
    ["a/b", "../../etc/passwd", "..", "%2e%2e", "' OR 1=1 --", "a;DROP TABLE consumers", "é\u4e2d", "a?b#c", "import"],
)
def test_names_are_data(play: Play, name: str) -> None:
    """Of a path, of SQL, of a URL: whatever it looks like, it is only ever a name."""

    async def script(api: Api) -> None:
        made = await api.ask("POST", "/consumers", {"name": name})
        location = made.headers["location"].removeprefix("/api/v1").replace("..", "%2E%2E")
        assert (await api.ask("GET", location)).json()["name"] == name
        assert (await api.ask("DELETE", location)).status_code == 204
        assert await api.shown("/consumers") == {"next": None, "items": []}

    play(script)


@pytest.mark.parametrize("name", ["' OR '1'='1", "%", "*", "a%00b", "%ff", "a" * 3000])
def test_no_name_finds_what_it_does_not_name(play: Play, name: str) -> None:
    async def script(api: Api) -> None:
        await api.made("/consumers", name="acme")
        assert (await api.ask("GET", f"/consumers/{name}")).status_code == 404
        assert (await api.ask("DELETE", f"/consumers/{name}")).status_code == 404

    play(script)


def test_wrong_members_are_named(play: Play) -> None:
    async def script(api: Api) -> None:
        answer = await api.ask("POST", "/consumers", {"groups": ["a", 1], "colour": "red", "disabled": "yes"})
        assert answer.json()["code"] == "input-invalid"
        assert set(wrong(answer)) == {"/name", "/groups/1", "/colour", "/disabled"}
        assert set(wrong(await api.ask("POST", "/consumers", {"name": ""}))) == {"/name"}
        assert set(wrong(await api.ask("GET", "/consumers?limit=0&offset=3"))) == {"limit", "offset"}
        assert set(wrong(await api.ask("GET", "/consumers?limit=1&limit=2"))) == {"limit"}
        assert set(wrong(await api.ask("POST", "/consumers?name=a", {"name": "a"}))) == {"name"}
        assert await api.writes() == 0

    play(script)


def test_what_the_rules_refuse(play: Play) -> None:
    async def script(api: Api) -> None:
        answer = await api.ask("POST", "/consumers", {"name": "a\nb"})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
        answer = await api.ask("PATCH", "/consumers/nobody", {"tier": "gold"})
        assert (answer.status_code, answer.json()["code"]) == (404, "consumer-unknown")

    play(script)
