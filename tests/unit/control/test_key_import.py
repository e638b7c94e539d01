"""Keys of another system: every wrong line is named, and then none is imported."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path

import pytest

from hotgate.control.administration import Records
from hotgate.control.administration_error import AdministrationError
from hotgate.identity.api_keys.managed_key import generate
from hotgate.store.bounds import MAX_BATCH
from hotgate.store.pepper import Peppers
from hotgate.store.records import Consumer
from hotgate.store.store import Store

NOW = 1_800_000_000.0
PEPPERS = Peppers([b"pepper-of-a-test-" * 2])
PLAIN = "3d9a0f4c-an-old-key-of-acme"

Script = Callable[[Records], Awaitable[None]]
Play = Callable[[Script], None]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Runs a script with a new store, in which the consumer `acme` is."""

    async def played(script: Script) -> None:
        store = await Store.open(f"sqlite:///{tmp_path / 'store.db'}")
        try:
            records = Records.of(store, PEPPERS, lambda: NOW, [], {})
            await records.consumers.create(Consumer("acme"))
            await script(records)
        finally:
            await store.close()

    return lambda script: asyncio.run(played(script))


async def complaints(records: Records, text: str) -> list[tuple[int, str]]:
    """What an import says is wrong, which must change nothing."""
    before = await records.keys.list()
    with pytest.raises(AdministrationError) as caught:
        await records.key_import.run(text)
    assert caught.value.code == "import-invalid"
    assert PLAIN not in repr((caught.value, caught.value.lines))
    assert await records.keys.list() == before
    return [(line.number, line.says) for line in caught.value.lines]


def test_csv_with_plain_keys_and_digests(play: Play) -> None:
    digest = sha256(b"another-old-key").hexdigest().upper()
    text = (
        "id,key,sha256,consumer,scopes,roles,expires,limit,networks,metadata\r\n"
        f"old-1,{PLAIN},,acme,orders:read orders:write,clerk,2099-01-01T00:00:00Z,10/s,192.0.2.0/24 ::1,"
        '"{""a"": 1}"\r\n'
        f",,{digest},acme,,,,,,\r\n"
    )

    async def script(records: Records) -> None:
        first, second = await records.key_import.run(text)
        assert (first.id, first.scopes, first.roles) == ("old-1", ("orders:read", "orders:write"), ("clerk",))
        assert (first.limit, first.networks, first.metadata) == ("10/1s", ("192.0.2.0/24", "::1/128"), {"a": 1})
        assert (first.expires, first.environment, first.hint) == (4_070_908_800.0, "live", "acme")
        assert first.digest == PEPPERS.digest(PLAIN.encode())
        assert second.digest == PEPPERS.digest(b"another-old-key")
        assert second.hint == ""
        assert await records.keys.get("old-1") == first

    play(script)


def test_json_lines(play: Play) -> None:
    lines = [
        json.dumps({"key": PLAIN, "consumer": "acme", "scopes": ["a", "b"], "environment": "test"}),
        "",
        json.dumps({"key": generate("live").text, "consumer": "acme", "routes": ["orders"]}),
    ]

    async def script(records: Records) -> None:
        first, second = await records.key_import.run("\n".join(lines))
        assert (first.scopes, first.environment, second.routes) == (("a", "b"), "test", ("orders",))

    play(script)


def test_every_wrong_line_is_named(play: Play) -> None:
    typo = generate("live").text[:-1]
    text = "\n".join(
        [
            json.dumps({"key": PLAIN, "consumer": "acme"}),
            json.dumps({"key": PLAIN, "consumer": "acme"}),
            json.dumps({"key": "short", "consumer": "acme"}),
            json.dumps({"key": "with a space in it", "consumer": "acme"}),
            json.dumps({"key": typo, "consumer": "acme"}),
            json.dumps({"key": PLAIN + "2"}),
            json.dumps({"key": PLAIN + "3", "consumer": "stranger"}),
            json.dumps({"key": PLAIN + "4", "sha256": "0" * 64, "consumer": "acme"}),
            json.dumps({"consumer": "acme"}),
            json.dumps({"sha256": "0" * 63, "consumer": "acme"}),
            json.dumps({"key": PLAIN + "5", "consumer": "acme", "expires": "2020-01-01T00:00:00Z"}),
            json.dumps({"key": PLAIN + "6", "consumer": "acme", "limit": "many"}),
            json.dumps({"key": PLAIN + "7", "consumer": "acme", "colour": "red"}),
            json.dumps({"key": PLAIN + "8", "consumer": "acme", "id": "a/b"}),
            "[]",
            "{",
            "{" * 100_000,
        ]
    )

    async def script(records: Records) -> None:
        found = dict(await complaints(records, text))
        assert list(found) == list(range(2, 18))
        assert found[2] == "has the key of line 1"
        assert found[6] == "key 'consumer' is missing"
        assert found[7] == "there is no consumer 'stranger'"

    play(script)


def test_what_is_there_already_is_named(play: Play) -> None:
    async def script(records: Records) -> None:
        await records.key_import.run(f"id,key,consumer\none,{PLAIN},acme\n")
        text = f"id,key,consumer\ntwo,{PLAIN},acme\none,{PLAIN}-2,acme\nnew,{PLAIN}-3,acme\n"
        assert await complaints(records, text) == [
            (2, "this key is there already, as one"),
            (3, "there is another key with the id one"),
        ]

    play(script)


def test_consumers_are_added_if_asked_for_and_only_if_all_is_well(play: Play) -> None:
    async def script(records: Records) -> None:
        text = f"key,consumer\n{PLAIN},new\n"
        await records.key_import.run(text, create_consumers=True)
        assert (await records.consumers.get("new")).created == NOW
        with pytest.raises(AdministrationError):
            await records.key_import.run(f"key,consumer\n{PLAIN},newer\n", create_consumers=True)
        assert [each.name for each in await records.consumers.list()] == ["acme", "new"]

    play(script)


@pytest.mark.parametrize("text", ["", "\n", "key,consumer\n"])
def test_nothing_is_no_import(play: Play, text: str) -> None:
    async def script(records: Records) -> None:
        assert await complaints(records, text) == []

    play(script)


@pytest.mark.parametrize("text", ['key,consumer\n"a,acme\n', "key,consumer\nlong-enough-1,acme,more\n"])
def test_broken_csv_is_refused(play: Play, text: str) -> None:
    async def script(records: Records) -> None:
        assert len(await complaints(records, text)) == 1

    play(script)


def test_more_than_fit_at_once_are_refused(play: Play) -> None:
    async def script(records: Records) -> None:
        lines = [f"old-key-{number:05},acme" for number in range(MAX_BATCH + 2)]
        ((number, says),) = await complaints(records, "\n".join(["key,consumer", *lines]))
        assert number == MAX_BATCH + 2
        assert "split the file" in says

    play(script)


def test_what_is_said_twice_is_refused(play: Play) -> None:
    """Whoever has checked the file may have read the other one."""

    async def script(records: Records) -> None:
        assert await complaints(records, f"key,consumer,consumer\n{PLAIN},acme,other\n") == [(1, "has a name twice")]
        twice = f'{{"key": "{PLAIN}", "consumer": "other", "consumer": "acme"}}'
        assert await complaints(records, twice) == [(1, "is not a JSON object, or has a member twice")]

    play(script)


def test_line_ends_of_unicode_are_none_of_json(play: Play) -> None:
    async def script(records: Records) -> None:
        text = json.dumps({"key": PLAIN, "consumer": "acme", "metadata": {"note": "a\u2028b\x85c"}}, ensure_ascii=False)
        (record,) = await records.key_import.run(f"{text}\r\n\r\n")
        assert record.metadata == {"note": "a\u2028b\x85c"}

    play(script)
