"""What a directory, or somebody in its place, may answer, and what becomes of the login."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from hotgate.control.directories import ldap_message
from hotgate.control.directories.directory import MAX_GROUPS, MAX_WAITING, Directory, Member
from hotgate.control.directories.directory_unavailable import DirectoryUnavailable
from hotgate.control.directories.ldap_message import MAX_BYTES, BadMessage, bind_request, message_length
from hotgate.policies.passwords.ldap_settings import LdapSettings
from unit.control.directories.scripted_directory import USER, Script, entry, replying, result


def test_the_script_can_let_somebody_in() -> None:
    script = Script(replying())
    assert script.login() == Member("ada", USER)
    assert script.asked == ["bindRequest", "searchRequest"]


@pytest.mark.parametrize("code", [19, 32, 34, 48, 49, 50, 53])
def test_who_is_refused_is_not_in(code: int) -> None:
    assert Script(replying(bind=code)).login() is None


@pytest.mark.parametrize("code", [1, 2, 10, 14, 51, 52, 80, 123])
def test_any_other_code_is_no_answer(code: int) -> None:
    """A referral (10) in particular is not followed: it would send the password to wherever it says."""
    with pytest.raises(DirectoryUnavailable, match=str(code)):
        Script(replying(bind=code)).login()


@pytest.mark.parametrize("entries", [0, 2])
def test_a_caller_has_one_entry(entries: int) -> None:
    with pytest.raises(DirectoryUnavailable):
        Script(replying(entries=entries)).login()


@pytest.mark.parametrize(
    "reply",
    [
        lambda number, kind: b"HTTP/1.1 200 OK\r\n\r\n",
        lambda number, kind: b"\x30\x84\x7f\xff\xff\xff",
        lambda number, kind: b"\x30\x80\0\0",
        lambda number, kind: b"\x30\x03\x02\x01\x01",
        lambda number, kind: result(number + 1, "bindResponse", 0),
        lambda number, kind: None,
        lambda number, kind: b"",
        lambda number, kind: result(number, "bindResponse", 0)[:-1],
    ],
)
def test_what_is_no_answer_lets_nobody_in(reply: Callable[[int, str], bytes | None]) -> None:
    with pytest.raises(DirectoryUnavailable):
        Script(reply).login()


def test_more_entries_than_were_asked_for_are_not_collected() -> None:
    with pytest.raises(DirectoryUnavailable, match="more entries"):
        Script(replying(entries=10)).login()


def test_nothing_that_comes_before_tls_is_read_as_if_it_came_by_it() -> None:
    """Response injection: CVE-2011-0411 and its kind."""

    def reply(number: int, kind: str) -> bytes:
        assert kind == "extendedReq"
        return result(number, "extendedResp", 0) + result(number + 1, "bindResponse", 0)

    script = Script(reply)
    with pytest.raises(DirectoryUnavailable, match="before TLS"):
        script.login(start_tls=True)
    assert script.asked == ["extendedReq"]


def test_a_directory_without_tls_is_told_no_password() -> None:
    script = Script(lambda number, kind: result(number, "extendedResp", 2))
    with pytest.raises(DirectoryUnavailable, match="TLS"):
        script.login(start_tls=True)
    assert script.asked == ["extendedReq"]


def test_a_gateway_that_is_not_let_in_lets_nobody_in() -> None:
    script = Script(replying(bind=49))
    found = {"users": {"base": "dc=example"}, "bind_dn": "cn=reader", "bind_password": "x"}
    with pytest.raises(DirectoryUnavailable, match="bind_dn"):
        script.play(found, lambda directory: directory.member("ada", "right"))


def test_a_place_of_people_that_there_is_not_is_no_wrong_password() -> None:
    """Everybody would be refused, and banned for it."""

    def reply(number: int, kind: str) -> bytes:
        is_bind = kind == "bindRequest"
        return result(number, "bindResponse", 0) if is_bind else result(number, "searchResDone", 32)

    found = {"users": {"base": "ou=peeple"}, "bind_dn": "cn=reader", "bind_password": "x"}
    with pytest.raises(DirectoryUnavailable, match=r"below 'ou=peeple' ends with code 32 \(noSuchObject\)"):
        Script(reply).play(found, lambda directory: directory.member("ada", "right"))


@pytest.mark.parametrize(
    ("settings", "groups"),
    [
        ({"attribute": "memberOf"}, ["admins", "admins"]),
        ({"attribute": "memberOf", "base": "ou=groups,dc=example"}, ["admins"]),
        ({"attribute": "memberOf", "base": "ou=others,dc=example"}, []),
    ],
)
def test_a_group_that_somebody_has_made_for_himself_need_not_count(settings: dict[str, str], groups: list[str]) -> None:
    def reply(number: int, kind: str) -> bytes:
        if kind == "bindRequest":
            return result(number, "bindResponse", 0)
        listed = ["cn=admins,ou=groups,dc=example", "cn=admins,ou=own,dc=example"]
        return entry(number, groups=listed) + result(number, "searchResDone", 0)

    member = Script(reply).login(groups=settings)
    assert member is not None
    assert member.groups == groups


def test_an_entry_with_thousands_of_groups_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: set[int] = set()
    decode = ldap_message.answer

    def decoding(message: bytes, number: int) -> ldap_message.Answer:
        if len(message) > 16 * 1024:
            threads.add(threading.get_ident())
        return decode(message, number)

    def reply(number: int, kind: str) -> bytes:
        if kind == "bindRequest":
            return result(number, "bindResponse", 0)
        listed = [f"cn=group-{each},ou=groups,dc=example" for each in range(MAX_GROUPS + 1)]
        return entry(number, groups=listed) + result(number, "searchResDone", 0)

    monkeypatch.setattr(ldap_message, "answer", decoding)
    member = Script(reply).login(groups={"attribute": "memberOf"}, timeout="10s")
    assert member is not None
    assert len(member.groups) == MAX_GROUPS
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_a_directory_that_may_not_list_two_has_not_said_that_there_is_one() -> None:
    """Its own limit is lower than what was asked for: who is meant is not known, so nobody gets in."""

    def reply(number: int, kind: str) -> bytes:
        if kind == "bindRequest":
            return result(number, "bindResponse", 0)
        return entry(number) + result(number, "searchResDone", 4)

    found = {"users": {"base": "dc=example"}, "bind_dn": "cn=reader", "bind_password": "x"}
    assert Script(reply).play(found, lambda directory: directory.member("ada", "right")) is None


def test_a_name_that_no_host_can_have_is_told_like_one_that_is_not_there() -> None:
    async def script(_: Directory) -> None:
        model = LdapSettings.model_validate({"url": "ldaps://ldap..example", "user_dn": "uid={name},dc=example"})
        with pytest.raises(DirectoryUnavailable, match="no connection"):
            await Directory(model).member("ada", "right")

    Script(replying()).play({"user_dn": "uid={name},dc=example"}, script)


def test_logins_that_wait_are_bounded() -> None:
    async def flood(directory: Directory) -> None:
        waiting = [asyncio.create_task(directory.member("ada", "x")) for _ in range(MAX_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(DirectoryUnavailable, match="too many"):
            await directory.member("ada", "right")
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    Script(lambda number, kind: b"").play({"user_dn": "uid={name},dc=example"}, flood)


def test_lengths_are_read_and_bounded() -> None:
    assert message_length(bytearray(b"\x30")) is None
    assert message_length(bytearray(b"\x30\x05")) == 7
    assert message_length(bytearray(b"\x30\x82\x01")) is None
    assert message_length(bytearray(b"\x30\x82\x01\x00")) == 260
    with pytest.raises(BadMessage):
        message_length(bytearray(b"\x30\x84") + (MAX_BYTES + 1).to_bytes(4, "big"))


@pytest.mark.parametrize(("dn", "password"), [("cn=x", ""), ("", "x")])
def test_a_bind_as_nobody_is_never_sent(dn: str, password: str) -> None:
    with pytest.raises(ValueError, match="needs"):
        bind_request(1, dn, password)


@pytest.mark.parametrize(
    "settings",
    [
        {"url": "ldap://ldap.example.com", "start_tls": False, "user_dn": "uid={name},dc=x"},
        {"url": "http://ldap.example.com", "user_dn": "uid={name},dc=x"},
        {"url": "ldaps://ldap.example.com"},
        {"url": "ldaps://ldap.example.com", "user_dn": "uid=ada,dc=x"},
        {"url": "ldaps://ldap.example.com", "user_dn": "{name}@corp.example"},
        {"url": "ldaps://ldap.example.com", "users": {"base": "dc=x"}},
        {"url": "ldaps://ldap.example.com", "users": {"base": "dc=x"}, "bind_dn": "cn=reader"},
        {
            "url": "ldaps://h",
            "users": {"base": "dc=x", "filter": "(uid=name)"},
            "bind_dn": "cn=r",
            "bind_password": "x",
        },
        {"url": "ldaps://ldap.example.com", "user_dn": "uid={name},dc=x", "groups": {}},
        {"url": "ldaps://h", "user_dn": "uid={name},dc=x", "groups": {"base": "dc=x", "filter": "(member={who})"}},
    ],
)
def test_a_mistake_in_the_file_is_told(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        LdapSettings.model_validate(settings)
