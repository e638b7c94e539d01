"""Addresses that are let in again."""

from unit.control.api.conftest import Api, Play


def test_a_ban_is_lifted_once_also_without_a_store(play_without_store: Play) -> None:
    async def script(api: Api) -> None:
        api.state.banned = {"192.0.2.1", "2001:db8::1", "2001:db8::/64"}
        for address in ("192.0.2.1", "2001:db8::1", "2001:db8::/64"):
            assert (await api.ask("DELETE", f"/bans/{address}")).status_code == 204
            gone = await api.ask("DELETE", f"/bans/{address}")
            assert (gone.status_code, gone.json()["code"]) == (404, "ban-unknown")
        assert api.state.banned == set()

    play_without_store(script)


def test_what_is_no_address_is_no_input(play: Play) -> None:
    async def script(api: Api) -> None:
        for text in ("nobody", "%00", "192.0.2.1%2F24", "a" * 4000):
            refused = await api.ask("DELETE", f"/bans/{text}")
            assert (refused.status_code, refused.json()["code"]) == (422, "input-invalid")

    play(script)
