"""Bodies that are too large, too deep, too clever, or not JSON."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hotgate.control.api import input as reading
from unit.control.api.conftest import Api, Play

JSON = [("content-type", "application/json")]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"name": "a", "name": "b"}', "twice"),
        (b'{"name": "a", "metadata": {"x": 1, "x": 2}}', "twice"),
        (b"[]", "not a JSON object"),
        (b'"acme"', "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"{", "not JSON"),
        (b'{"name": "a"} {}', "not JSON"),
        (b'{"name": "a",}', "not JSON"),
        (b"name=a", "not JSON"),
        (b'{"name": "\xff"}', "not JSON"),
        (b"\xff\xfe{\x00}\x00", "not JSON"),
        (b'{"metadata": {"x": NaN}}', "NaN"),
        (b'{"metadata": {"x": 1e999}}', "out of range"),
        (b'{"name": "\\ud800"}', "not Unicode"),
        (b'{"metadata": ' + b'{"a":' * 50 + b"1" + b"}" * 51, "deeply"),
        (b'{"metadata": ' + b"[" * 500_000, "deeply"),
    ],
)
def test_what_is_not_one_strict_object(play: Play, body: bytes, says: str) -> None:
    async def script(api: Api) -> None:
        answer = await api.ask("POST", "/consumers", content=body, fields=JSON)
        assert (answer.status_code, answer.json()["code"]) == (400, "json-invalid")
        assert says in answer.json()["detail"]
        assert len(answer.content) < 500
        assert await api.writes() == 0

    play(script)


@pytest.mark.parametrize(
    "media_type", ["", "text/plain", "application/x-www-form-urlencoded", "text/json", "application/jsonp"]
)
def test_other_media_types(play: Play, media_type: str) -> None:
    """A form of a web page can send these without asking first (CORS); it cannot send the token either way."""

    async def script(api: Api) -> None:
        fields = [("content-type", media_type)]
        answer = await api.ask("POST", "/consumers", content=b'{"name": "acme"}', fields=fields)
        assert (answer.status_code, answer.json()["code"]) == (415, "not-json")

    play(script)


def test_a_charset_is_no_other_media_type(play: Play) -> None:
    async def script(api: Api) -> None:
        fields = [("content-type", "Application/JSON; charset=utf-8")]
        answer = await api.ask("POST", "/consumers", content=b'{"name": "acme"}', fields=fields)
        assert answer.status_code == 201

    play(script)


@pytest.mark.parametrize("is_announced", [True, False])
def test_bodies_are_bounded(play: Play, is_announced: bool) -> None:
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 1
            yield b" " * (reading.MOST_BYTES // 4)

    async def script(api: Api) -> None:
        content = b" " * (reading.MOST_BYTES + 1) if is_announced else chunks()
        answer = await api.ask("POST", "/consumers", content=content, fields=JSON)
        assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
        assert answer.headers["connection"] == "close"

    play(script)


def test_a_body_may_not_take_for_ever(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SECONDS", 0.01)

    async def never() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async def script(api: Api) -> None:
        answer = await api.ask("POST", "/consumers", content=never(), fields=JSON)
        assert (answer.status_code, answer.json()["code"]) == (408, "body-too-slow")

    play(script)


def test_what_a_validator_says_stands_alone(play: Play) -> None:
    async def script(api: Api) -> None:
        answer = await api.ask("POST", "/explain", content=b'{"target": "orders/7"}', fields=JSON)
        says = "a target is a path that begins with /, or a whole URL"
        assert answer.json()["errors"] == [{"pointer": "/target", "detail": says}]

    play(script)


def test_no_error_repeats_a_value(play: Play) -> None:
    async def script(api: Api) -> None:
        secret = "correct horse battery staple"
        for members in ({"name": [secret]}, {"name": "a", "groups": secret}, {"name": "a", "disabled": secret}):
            assert secret not in (await api.ask("POST", "/consumers", members)).text
        answer = await api.ask("POST", "/consumers", {"x" * 100_000: 1})
        assert len(answer.content) < 1000

    play(script)
