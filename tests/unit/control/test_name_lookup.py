"""One look-up: against a real name server on loopback, well-behaved and otherwise."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from hotgate.config.resilience import Resolver as Settings
from hotgate.control.hosts_file import HostsFile
from hotgate.control.name_lookup import MOST_ADDRESSES, Found, LookupFailed, NameLookup
from unit.control.dns_server import DnsServer, dns_server

Script = Callable[[DnsServer, NameLookup], Coroutine[Any, Any, None]]


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., None]:
    """Run a script with a server, and a look-up that asks it and an own hosts file."""

    def play(script: Script, **settings: Any) -> None:
        async def run() -> None:
            async with dns_server() as server:
                text = {"nameservers": [f"127.0.0.1:{server.port}"], "timeout": "5s", **settings}
                await script(server, NameLookup(Settings.model_validate(text), HostsFile(tmp_path / "hosts")))

        asyncio.run(run())

    return play


def test_the_addresses_of_both_families_in_a_fixed_order(play: Callable[..., None]) -> None:
    async def script(server: DnsServer, lookup: NameLookup) -> None:
        server.records["api.test"] = (30, ["192.0.2.20", "2001:db8::2", "192.0.2.3", "2001:db8::1"])
        expected = Found(("192.0.2.3", "192.0.2.20", "2001:db8::1", "2001:db8::2"), 30)
        assert await lookup("api.test") == expected
        assert sorted(server.questions) == ["api.test A", "api.test AAAA"]

    play(script)


@pytest.mark.parametrize(("ttl", "seconds"), [(0, 2), (1, 2), (7, 7), (86400, 60)])
def test_the_ttl_is_kept_within_bounds(play: Callable[..., None], ttl: int, seconds: float) -> None:
    async def script(server: DnsServer, lookup: NameLookup) -> None:
        server.records["api.test"] = (ttl, ["192.0.2.1"])
        assert (await lookup("api.test")).ttl == seconds

    play(script, min_ttl="2s", max_ttl="1m")


def test_the_hosts_file_comes_first(play: Callable[..., None], tmp_path: Path) -> None:
    async def script(server: DnsServer, lookup: NameLookup) -> None:
        (tmp_path / "hosts").write_text("192.0.2.7 api.test\n")
        server.records["api.test"] = (30, ["192.0.2.1"])
        assert (await lookup("api.test")).addresses == ("192.0.2.7",)
        assert server.questions == []

    play(script)


def test_an_alias_is_followed_and_holds_as_long_as_its_shortest_part(play: Callable[..., None]) -> None:
    async def script(server: DnsServer, lookup: NameLookup) -> None:
        def answer(question: dns.message.QueryMessage) -> bytes:
            response = dns.message.make_response(question)
            asked = question.question[0]
            response.answer.append(dns.rrset.from_text(asked.name, 5, "IN", "CNAME", "real.test."))
            if asked.rdtype == dns.rdatatype.A:
                response.answer.append(dns.rrset.from_text("real.test.", 50, "IN", "A", "192.0.2.1"))
            return response.to_wire()

        server.answer = answer
        assert await lookup("api.test") == Found(("192.0.2.1",), 5)

    play(script)


def test_a_long_answer_is_fetched_over_tcp_and_bounded(play: Callable[..., None]) -> None:
    async def script(server: DnsServer, lookup: NameLookup) -> None:
        server.records["api.test"] = (30, [f"10.0.{index // 250}.{index % 250 + 1}" for index in range(1000)])
        server.truncates = True
        assert len((await lookup("api.test")).addresses) == MOST_ADDRESSES

    play(script)


def test_a_name_that_does_not_exist(play: Callable[..., None]) -> None:
    async def script(server: DnsServer, lookup: NameLookup) -> None:
        with pytest.raises(LookupFailed, match="no such name"):
            await lookup("gone.test")

    play(script)


def test_a_name_without_address(play: Callable[..., None]) -> None:
    async def script(server: DnsServer, lookup: NameLookup) -> None:
        server.records["api.test"] = (30, [])
        with pytest.raises(LookupFailed, match="no address"):
            await lookup("api.test")

    play(script)


def test_one_family_is_enough_when_the_other_fails(play: Callable[..., None]) -> None:
    async def script(server: DnsServer, lookup: NameLookup) -> None:
        def answer(question: dns.message.QueryMessage) -> bytes:
            if question.question[0].rdtype == dns.rdatatype.AAAA:
                response = dns.message.make_response(question)
                response.set_rcode(dns.rcode.NOTIMP)
                return response.to_wire()
            return server.found(question)

        server.records["api.test"] = (30, ["192.0.2.1"])
        server.answer = answer
        assert await lookup("api.test") == Found(("192.0.2.1",), 30)

    play(script)


def test_a_server_that_says_nothing(play: Callable[..., None]) -> None:
    async def script(server: DnsServer, lookup: NameLookup) -> None:
        server.answer = lambda question: []
        with pytest.raises(LookupFailed, match="no answer within"):
            await lookup("api.test")

    play(script, timeout="100ms")


def test_a_server_that_refuses(play: Callable[..., None]) -> None:
    async def script(server: DnsServer, lookup: NameLookup) -> None:
        def answer(question: dns.message.QueryMessage) -> bytes:
            response = dns.message.make_response(question)
            response.set_rcode(dns.rcode.REFUSED)
            return response.to_wire()

        server.answer = answer
        with pytest.raises(LookupFailed, match="the name servers failed"):
            await lookup("api.test")

    play(script)


HONEST, FORGED = b"\xc0\x00\x02\x01", b"\xc0\x00\x02\x42"  # 192.0.2.1 and 192.0.2.66


def _with_another_id(server: DnsServer, question: dns.message.QueryMessage) -> bytes:
    honest = server.found(question).replace(HONEST, FORGED)
    return bytes([honest[0] ^ 1]) + honest[1:]


def _about_another_name(server: DnsServer, question: dns.message.QueryMessage) -> bytes:
    return server.found(question).replace(b"\x03api", b"\x03bad").replace(HONEST, FORGED)


def _garbage(server: DnsServer, question: dns.message.QueryMessage) -> bytes:
    return server.found(question)[:2] + b"\xff" * 40


@pytest.mark.parametrize("spoofed", [_with_another_id, _about_another_name, _garbage, lambda server, question: b""])
def test_answers_that_do_not_fit_are_passed_over(play: Callable[..., None], spoofed: Any) -> None:
    async def script(server: DnsServer, lookup: NameLookup) -> None:
        server.records["api.test"] = (30, ["192.0.2.1"])
        server.answer = lambda question: [spoofed(server, question), server.found(question)]
        assert await lookup("api.test") == Found(("192.0.2.1",), 30)

    play(script)


def test_records_of_other_names_in_an_answer_are_not_taken(play: Callable[..., None]) -> None:
    async def script(server: DnsServer, lookup: NameLookup) -> None:
        def answer(question: dns.message.QueryMessage) -> bytes:
            response = dns.message.make_response(question)
            response.answer.append(dns.rrset.from_text("bank.test.", 60, "IN", "A", "192.0.2.66"))
            return response.to_wire()

        server.answer = answer
        with pytest.raises(LookupFailed):
            await lookup("api.test")

    play(script)
