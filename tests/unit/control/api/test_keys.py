"""API keys, as the API makes, shows and ends them."""

import json
import logging
from typing import Any

import pytest

from hotgate.identity.api_keys.managed_key import is_well_formed
from unit.control.api.conftest import NOW, Api, Play, wrong


def test_a_key_is_shown_once(play: Play) -> None:
    async def script(api: Api) -> None:
        await api.made("/consumers", name="acme")
        answer = await api.ask("POST", "/keys", {"consumer": "acme", "scopes": ["orders:read"], "limit": "100/minute"})
        made = answer.json()
        assert answer.status_code == 201
        assert answer.headers["location"] == f"/api/v1/keys/{made['id']}"
        assert answer.headers["cache-control"] == "no-store"
        secret = made.pop("key")
        assert is_well_formed(secret.encode())
        assert made["state"] == "active"
        assert await api.shown(f"/keys/{made['id']}") == made
        everything = [await api.shown(path) for path in (f"/keys/{made['id']}", "/keys", "/consumers/acme")]
        assert secret not in json.dumps(everything)
        assert "digest" not in json.dumps(everything)

    play(script)


def test_times_are_rfc_3339(play: Play) -> None:
    async def script(api: Api) -> None:
        await api.made("/consumers", name="acme")
        made = await api.made("/keys", consumer="acme", expires="2099-02-03T04:05:06+01:00")
        assert made["expires"] == "2099-02-03T03:05:06Z"
        for time in ("2099-02-03", "2099-02-03T04:05:06", 4_000_000_000, "soon", "2099-13-01T00:00:00Z"):
            assert set(wrong(await api.ask("POST", "/keys", {"consumer": "acme", "expires": time}))) == {"/expires"}
        past = await api.ask("POST", "/keys", {"consumer": "acme", "expires": "2001-01-01T00:00:00Z"})
        assert (past.status_code, past.json()["code"]) == (422, "invalid")
        ancient = await api.made("/keys", consumer="acme", not_before="0001-01-01T00:00:00+14:00")
        assert ancient["not_before"] == "1970-01-01T00:00:00Z"

    play(script)


def test_changes_leave_the_rest_and_null_takes_away(play: Play) -> None:
    async def script(api: Api) -> None:
        await api.made("/consumers", name="acme")
        made = await api.made(
            "/keys", consumer="acme", scopes=["a"], limit="5/s", expires="2099-01-01T00:00:00Z", networks=["10.0.0.0/8"]
        )
        del made["key"]
        path = f"/keys/{made['id']}"
        changed = (await api.ask("PATCH", path, {"scopes": ["b"], "limit": None})).json()
        assert changed == {**made, "scopes": ["b"], "limit": None}
        changed = (await api.ask("PATCH", path, {"expires": None, "networks": []})).json()
        assert changed == {**made, "scopes": ["b"], "limit": None, "expires": None, "networks": []}

    play(script)


def test_rotation_gives_the_old_key_an_end(play: Play) -> None:
    async def script(api: Api) -> None:
        await api.made("/consumers", name="acme")
        old = await api.made("/keys", consumer="acme", scopes=["a"])
        new = await api.made(f"/keys/{old['id']}/rotate", overlap="2h")
        assert new["id"] != old["id"]
        assert new["key"] != old["key"]
        assert new["scopes"] == ["a"]
        assert (await api.shown(f"/keys/{old['id']}"))["expires"] == "2027-01-15T10:00:00Z"
        api.now = NOW + 7200
        again = await api.ask("POST", f"/keys/{old['id']}/rotate")
        assert (again.status_code, again.json()["code"]) == (409, "key-not-live")
        for overlap in (7200, "2 hours", "-1s", "400d"):
            assert set(wrong(await api.ask("POST", f"/keys/{new['id']}/rotate", {"overlap": overlap}))) == {"/overlap"}

    play(script)


def test_revocation_is_for_good_and_the_first_reason_stays(play: Play) -> None:
    async def script(api: Api) -> None:
        await api.made("/consumers", name="acme")
        made = await api.made("/keys", consumer="acme")
        path = f"/keys/{made['id']}"
        first = await api.ask("POST", f"{path}/revoke", {"reason": "leaked"})
        api.now += 60
        second = await api.ask("POST", f"{path}/revoke")
        assert first.status_code == second.status_code == 200
        assert first.json() == second.json()
        assert (first.json()["state"], first.json()["revoked_reason"]) == ("revoked", "leaked")
        assert set(wrong(await api.ask("PATCH", path, {"revoked_at": None}))) == {"/revoked_at"}

    play(script)


def test_lists_by_consumer_and_state(play: Play) -> None:
    async def script(api: Api) -> None:
        for name in ("acme", "zeta"):
            await api.made("/consumers", name=name)
        mine = [(await api.made("/keys", consumer="acme"))["id"] for _ in range(3)]
        other = (await api.made("/keys", consumer="zeta"))["id"]
        await api.ask("POST", f"/keys/{mine[0]}/revoke")

        async def ids(query: str) -> set[str]:
            return {each["id"] for each in (await api.shown(f"/keys?{query}"))["items"]}

        assert await ids("") == {*mine, other}
        assert await ids("consumer=acme") == set(mine)
        assert await ids("state=revoked") == {mine[0]}
        assert await ids("consumer=acme&state=active") == set(mine[1:])
        page = await api.shown("/keys?limit=3")
        rest = await api.shown(f"/keys?limit=3&after={page['next']}")
        assert {each["id"] for each in page["items"] + rest["items"]} == {*mine, other}
        assert rest["next"] is None
        assert set(wrong(await api.ask("GET", "/keys?state=dead"))) == {"state"}

    play(script)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("environment", "LIVE"),
        ("scopes", ["two words"]),
        ("roles", ["a\nb"]),
        ("limit", "much"),
        ("networks", ["10.0.0.1/8"]),
        ("routes", ["a route"]),
        ("expires", "2001-01-01T00:00:00Z"),
    ],
)
def test_what_the_rules_refuse_is_named(play: Play, member: str, value: object) -> None:
    async def script(api: Api) -> None:
        await api.made("/consumers", name="acme")
        answer = await api.ask("POST", "/keys", {"consumer": "acme", member: value})
        assert (answer.json()["code"], set(wrong(answer))) == ("invalid", {f"/{member}"})
        assert await api.writes() == 1

    play(script)


def test_a_consumer_must_exist(play: Play) -> None:
    async def script(api: Api) -> None:
        answer = await api.ask("POST", "/keys", {"consumer": "nobody"})
        assert (answer.json()["code"], set(wrong(answer))) == ("consumer-unknown", {"/consumer"})
        answer = await api.ask("GET", "/keys?consumer=nobody")
        assert (answer.json()["code"], set(wrong(answer))) == ("consumer-unknown", {"consumer"})

    play(script)


def test_keys_of_another_system(play: Play) -> None:
    async def script(api: Api) -> None:
        keys = [
            {"key": "their-own-key-0123456789", "consumer": "acme", "id": "old-1"},
            {"sha256": "ab" * 32, "consumer": "acme", "scopes": ["a", "b"]},
        ]
        refused = await api.ask("POST", "/keys/import", {"keys": keys})
        assert refused.json()["code"] == "import-invalid"
        assert set(wrong(refused)) == {"/keys/0", "/keys/1"}
        taken = await api.made("/keys/import", keys=keys, create_consumers=True)
        assert [each["consumer"] for each in taken["items"]] == ["acme", "acme"]
        assert taken["items"][0]["id"] == "old-1"
        assert "their-own-key-0123456789" not in json.dumps(taken)
        again = await api.ask("POST", "/keys/import", {"keys": keys})
        assert again.json()["code"] == "import-invalid"

    play(script)


@pytest.mark.parametrize(
    "key", [{}, {"consumer": "acme"}, {"key": "x\ny" * 10, "consumer": "acme"}, {"key": 5, "consumer": "acme"}]
)
def test_one_wrong_key_and_none_is_imported(play: Play, key: dict[str, Any]) -> None:
    async def script(api: Api) -> None:
        good = {"key": "their-own-key-0123456789", "consumer": "acme"}
        answer = await api.ask("POST", "/keys/import", {"keys": [good, key], "create_consumers": True})
        assert set(wrong(answer)) == {"/keys/1"}
        assert (await api.shown("/keys"))["items"] == (await api.shown("/consumers"))["items"] == []

    play(script)


def test_an_unknown_member_is_named_with_the_one_that_was_meant(play: Play) -> None:
    async def script(api: Api) -> None:
        answer = await api.ask("POST", "/keys", {"consumer": "acme", "scope": ["a"]})
        assert wrong(answer) == {"/scope": "'scope' is not known; did you mean 'scopes'?"}
        answer = await api.ask("GET", "/keys?conusmer=acme")
        assert wrong(answer) == {"conusmer": "'conusmer' is not known; did you mean 'consumer'?"}
        answer = await api.ask("POST", "/keys/import", {"keys": [{"consumer": "acme", "shar256": "0" * 64}]})
        assert wrong(answer) == {"/keys/0": "'shar256' is not known; did you mean 'sha256'?"}

    play(script)


@pytest.mark.parametrize("id_", ["nobody", "' OR 1=1 --", "%25", "a" * 3000, "%00"])
@pytest.mark.parametrize("action", ["", "/rotate", "/revoke"])
def test_unknown_ids(play: Play, id_: str, action: str) -> None:
    async def script(api: Api) -> None:
        answer = await api.ask("POST" if action else "GET", f"/keys/{id_}{action}")
        assert (answer.status_code, answer.json()["code"]) == (404, "key-unknown")
        assert len(answer.content) < 500

    play(script)


def test_the_audit_has_who_what_and_which_but_no_secret(play: Play, caplog: pytest.LogCaptureFixture) -> None:
    made: dict[str, Any] = {}

    async def script(api: Api) -> None:
        await api.made("/consumers", name="acme")
        made.update(await api.made("/keys", consumer="acme", metadata={"note": "private"}))
        await api.ask("POST", f"/keys/{made['id']}/revoke", {"reason": "leaked"})
        await api.ask("POST", "/keys", {"consumer": "nobody"})  # refused: nothing was done
        await api.shown("/keys")

    with caplog.at_level(logging.INFO, "hotgate"):
        play(script)
    audit = [(record.msg, vars(record)["facts"]) for record in caplog.records if record.name == "hotgate.audit"]
    assert audit == [
        ("create-consumer", {"by": "ops", "subject": "acme"}),
        ("create-key", {"by": "ops", "subject": made["id"]}),
        ("revoke-key", {"by": "ops", "subject": made["id"]}),
    ]
    assert made["key"] not in str([vars(record) for record in caplog.records])
