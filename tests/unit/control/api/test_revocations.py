"""Revocations of tokens."""

import pytest

from unit.control.api.conftest import Api, Play, wrong


def test_the_life_of_a_revocation(play: Play) -> None:
    async def script(api: Api) -> None:
        value = "auth0|x/y é?#%"
        made = await api.made("/revocations", kind="sub", provider="corp", value=value, reason="left")
        assert (made["value"], made["before"], made["created"]) == (value, None, "2027-01-15T08:00:00Z")
        assert (await api.shown("/revocations"))["items"] == [made]
        again = await api.made("/revocations", kind="sub", provider="corp", value=value, reason="gone")
        assert again["id"] == made["id"]
        assert (await api.shown("/revocations"))["items"] == [again]
        assert (await api.ask("DELETE", f"/revocations/{made['id']}")).status_code == 204
        gone = await api.ask("DELETE", f"/revocations/{made['id']}")
        assert (gone.status_code, gone.json()["code"]) == (404, "revocation-unknown")
        assert await api.writes() == 3

    play(script)


def test_a_misspelt_provider_is_refused_for_it_would_revoke_nothing(play: Play) -> None:
    async def script(api: Api) -> None:
        answer = await api.ask("POST", "/revocations", {"kind": "sub", "provider": "crop", "value": "mallory"})
        assert answer.json()["code"] == "invalid"
        assert wrong(answer)["/provider"].startswith(
            "no entry 'crop' under `identity` has callers to revoke; those that do: a, b"
        )
        assert await api.writes() == 0

    play(script)


def test_everything_until_now(play: Play) -> None:
    async def script(api: Api) -> None:
        made = await api.made("/revocations", kind="all", provider="corp")
        assert made["before"] == "2027-01-15T08:00:00Z"

    play(script)


def test_pages(play: Play) -> None:
    async def script(api: Api) -> None:
        for provider, value in [("b", "1"), ("a", "2"), ("a", "1")]:
            await api.made("/revocations", kind="jti", provider=provider, value=value)
        page = await api.shown("/revocations?limit=2")
        rest = await api.shown(f"/revocations?limit=2&after={page['next']}")
        found = [(each["provider"], each["value"]) for each in page["items"] + rest["items"]]
        assert found == [("a", "1"), ("a", "2"), ("b", "1")]
        assert rest["next"] is None

    play(script)


@pytest.mark.parametrize("id_", ["x", "AAAA", "YQ", "YQBi", "YQBqdGkAYg==", "!", "%C3%A9", "a" * 4000])
def test_ids_that_were_never_given_out(play: Play, id_: str) -> None:
    async def script(api: Api) -> None:
        assert (await api.ask("DELETE", f"/revocations/{id_}")).status_code == 404
        assert set(wrong(await api.ask("GET", f"/revocations?after={id_}"))) == {"after"}

    play(script)


def test_what_makes_no_sense(play: Play) -> None:
    async def script(api: Api) -> None:
        wrong_kind = await api.ask("POST", "/revocations", {"kind": "everybody", "provider": "corp"})
        assert set(wrong(wrong_kind)) == {"/kind"}
        for members in ({"kind": "sub"}, {"kind": "all", "value": "x"}):
            answer = await api.ask("POST", "/revocations", {"provider": "corp", **members})
            assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
        assert await api.writes() == 0

    play(script)
