"""Which connections to a directory are used again, and which place is asked."""

import asyncio
from contextlib import suppress

import pytest

from hotgate.control.directories.connection_pool import LONGEST_IDLE, ConnectionPool
from hotgate.control.directories.directory import Directory, Member
from hotgate.control.directories.directory_unavailable import DirectoryUnavailable
from hotgate.control.directories.ldap_connection import LdapConnection
from hotgate.policies.passwords.ldap_settings import LdapSettings
from unit.control.directories.scripted_directory import USER, Script, replying, result


@pytest.mark.parametrize("does_accept", [True, False], ids=["it is silent", "nobody is there"])
def test_a_place_that_fails_is_not_asked_first_again(*, does_accept: bool) -> None:
    silent, good = Script(lambda number, kind: b""), Script(replying())

    async def script(_: Directory) -> None:
        servers = [await asyncio.start_server(each.serve, "127.0.0.1", 0) for each in (silent, good)]
        ports = [each.sockets[0].getsockname()[1] for each in servers]
        if not does_accept:
            servers[0].close()
        settings = {"url": [f"ldap://127.0.0.1:{port}" for port in ports], "start_tls": False, "timeout": "300ms"}
        directory = Directory(LdapSettings.model_validate({**settings, "user_dn": "uid={name},dc=example"}))
        with suppress(DirectoryUnavailable):
            await directory.member("ada", "right")
        assert await directory.member("ada", "right") == Member("ada", USER)
        assert silent.asked == (["bindRequest"] if does_accept else [])
        directory.close()
        for each in servers:
            each.close()
        for writer in (*silent._writers, *good._writers):
            writer.close()
        await asyncio.sleep(0)

    Script(replying()).play({"user_dn": "uid={name},dc=example"}, script)


def test_somebody_whose_entry_cannot_be_used_keeps_nobody_from_a_place() -> None:
    async def script(directory: Directory) -> None:
        with pytest.raises(DirectoryUnavailable, match="cannot be read"):
            await directory.member("ada", "right")
        places = directory._binding._places
        assert [places.is_good(address) for address in places.in_order()] == [True]

    Script(replying(entries=0)).play({"user_dn": "uid={name},dc=example"}, script)


def test_a_pool_that_was_closed_keeps_no_connection() -> None:
    """A reload closes it, while somebody logs in."""

    async def script(directory: Directory) -> None:
        async with directory._binding.connection() as connection:
            directory.close()
            assert connection.is_usable
        assert connection._reader.transport is not None
        assert connection._reader.transport.is_closing()

    Script(replying()).play({"user_dn": "uid={name},dc=example"}, script)


def test_a_connection_that_does_not_become_protected_is_closed() -> None:
    async def script(directory: Directory) -> None:
        address = directory._binding._places.in_order()[0]
        closed: list[LdapConnection] = []
        close = LdapConnection.close

        def closing(self: LdapConnection) -> None:
            closed.append(self)
            close(self)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(LdapConnection, "close", closing)
            with pytest.raises(DirectoryUnavailable, match="TLS"):
                await LdapConnection.connect(address)
        await asyncio.sleep(0)  # the loop closes what was aborted
        assert [each.is_usable for each in closed] == [False]

    script_of = Script(lambda number, kind: result(number, "extendedResp", 2))
    script_of.play({"user_dn": "uid={name},dc=example", "start_tls": True}, script)


def test_a_connection_that_was_idle_for_long_is_not_used() -> None:
    """A firewall on the way may have forgotten it: what is sent on it would go nowhere."""

    async def script(directory: Directory) -> None:
        clock = Clock()
        pool = ConnectionPool(directory._binding._places, 1, clock=clock)
        async with pool.connection() as first:
            pass
        clock.now += LONGEST_IDLE - 1
        async with pool.connection() as again:
            assert again is first
        clock.now += LONGEST_IDLE
        async with pool.connection() as other:
            assert other is not first
        pool.close()

    Script(replying()).play({"user_dn": "uid={name},dc=example"}, script)


class Clock:
    """Monotonic seconds, moved by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now
