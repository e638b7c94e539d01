"""What the gateway shows to a backend is its own: no client says it, and nobody else is told."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import pytest

from wire.message import Message
from wire.scenario import Wire, scenario

SECRET = "s3cr3t-of-the-gateway"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
FAILED = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
KEY = {"credentials": {"api_key": {"header": "X-Api-Key", "value": SECRET}}}
IN_QUERY = {"credentials": {"api_key": {"query": "key", "value": "a b&c=" + SECRET}}}
BEARER = {"credentials": {"bearer": {"token": SECRET}}}
BASIC = {"credentials": {"basic": {"username": "gäteway", "password": SECRET}}}


def request(*lines: bytes, target: bytes = b"/", method: bytes = b"GET") -> bytes:
    return b"\r\n".join([method + b" " + target + b" HTTP/1.1", b"Host: a", *lines, b"", b""])


def basic(text: str) -> bytes:
    return b"Basic " + b64encode(text.encode())


@pytest.mark.parametrize(
    "name", [b"X-Api-Key", b"x-api-key", b"X_Api_Key", b"X.Api.Key", b"x~API~key", b"X-API_KEY", b"X.Api-Key"]
)
@scenario(upstream=KEY)
async def test_a_client_cannot_send_it_in_any_spelling(wire: Wire, name: bytes) -> None:
    got, answer = await wire.exchange(request(name + b": mine", name.swapcase() + b": mine"), ANSWER)
    assert got.get_all(b"x-api-key") == [SECRET.encode()]
    assert b"mine" not in [value for _, value in got.fields]
    assert not leaks(answer)


@pytest.mark.parametrize("name", [b"X-Api-Key", b"X_Api_Key", b"X.Api.Key"])
@scenario(upstream=KEY)
async def test_nor_in_a_trailer(wire: Wire, name: bytes) -> None:
    head = request(b"Transfer-Encoding: chunked", method=b"POST")
    client = await wire.send(head + b"2\r\nhi\r\n0\r\n" + name + b": mine\r\nX-Sum: 1\r\n\r\n")
    backend = await wire.backend.accept()
    body = await backend.until(b"0\r\n") + await backend.until(b"\r\n\r\n")
    assert b"mine" not in body
    backend.send(ANSWER)
    await client.message()


@scenario(upstream=BEARER)
async def test_authorization_of_the_client_does_not_survive(wire: Wire) -> None:
    lines = (b"Authorization: Bearer mine", b"Authorization: Basic bWluZTo=")
    got, _ = await wire.exchange(request(*lines), ANSWER)
    assert got.get_all(b"authorization") == [b"Bearer " + SECRET.encode()]


@scenario(upstream=BASIC)
async def test_basic_is_sent_in_utf_8(wire: Wire) -> None:
    got, _ = await wire.exchange(request(b"Authorization: Bearer mine"), ANSWER)
    assert got.get_all(b"authorization") == [basic("gäteway:" + SECRET)]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"/", b"/?"),
        (b"/?", b"/?"),
        (b"/?a=1&b", b"/?a=1&b&"),
        (b"/?key=mine&a=1&k%65y=mine&key", b"/?a=1&"),
        (b"/?key[]=1", b"/?key[]=1&"),
    ],
)
@scenario(upstream=IN_QUERY)
async def test_a_key_in_the_query_stands_alone_under_its_name(wire: Wire, target: bytes, expected: bytes) -> None:
    got, _ = await wire.exchange(request(target=target), ANSWER)
    assert got.start == b"GET " + expected + b"key=a%20b%26c%3D" + SECRET.encode() + b" HTTP/1.1"
    assert SECRET not in str(wire.last_record)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (b"/a/?x=1&key=a%20b%26c%3D" + SECRET.encode(), b"/a/?x=1&key="),
        (b"https://b/?key=a%20b%26c%3d" + SECRET.encode() + b"&x=1", b"https://b/?key=&x=1"),
        (b"/a/?key=a+b%26c%3D" + SECRET.encode(), b"/a/?key="),
        (b"/login?next=%2Fa%3Fkey%3Da%2520b%2526c%253D" + SECRET.encode(), b"/login?next=%2Fa%3Fkey%3D"),
        (b"/login?key=a b&c=" + SECRET.encode(), b"/login?key="),
        (b"/a/?x=1", b"/a/?x=1"),
    ],
)
@scenario(upstream=IN_QUERY)
async def test_a_backend_that_redirects_with_the_query_does_not_tell_it(
    wire: Wire, field: bytes, expected: bytes
) -> None:
    moved = b"HTTP/1.1 301 Moved\r\nLocation: " + field + b"\r\nX-Same: 1\r\nContent-Length: 0\r\n\r\n"
    _, answer = await wire.exchange(request(target=b"/a?x=1"), moved)
    assert answer.get_all(b"location") == [expected]
    assert answer.get_all(b"x-same") == [b"1"]


@scenario(
    upstream=KEY,
    settings={"access_log": {"enabled": True}},
    routes=[
        {"name": "with", "match": {"path": "/with"}, "upstream": "api", "public": True},
        {"name": "without", "match": {"path": "/without"}, "respond": {"status": 200, "body": "hi"}, "public": True},
    ],
)
async def test_an_answer_of_the_gateway_and_the_log_know_nothing_of_it(wire: Wire) -> None:
    _, answer = await wire.exchange(request(target=b"/with"), ANSWER)
    client = await wire.send(request(target=b"/without"))
    assert not leaks(answer)
    assert not leaks(await client.message())
    assert SECRET not in str(wire.gateway.records.lines)


@scenario(upstream={**BEARER, "retries": {"attempts": 2, "on": [503]}}, backends=2)
async def test_another_try_shows_it_to_targets_of_this_upstream(wire: Wire) -> None:
    client = await wire.send(request(b"Authorization: Bearer mine"))
    for backend, answer in zip(wire.backends, (FAILED, ANSWER), strict=True):
        peer = await backend.accept()
        assert (await peer.message()).get_all(b"authorization") == [b"Bearer " + SECRET.encode()]
        peer.send(answer)
    assert not leaks(await client.message())


@scenario(
    upstream=KEY,
    settings={
        "upstreams": {
            "api": {"targets": ["http://127.0.0.1:1"], **KEY},
            "other": {"targets": ["http://127.0.0.1:1"]},
        }
    },
    routes=[{"name": "other", "match": {"path": "/*"}, "upstream": "other", "public": True}],
)
async def test_nobody_else_gets_it(wire: Wire) -> None:
    wire.gateway.reconfigure(with_target(wire.gateway.configuration, "other", wire.backend.port))
    got, _ = await wire.exchange(request(b"X-Api-Key: mine"), ANSWER)
    assert got.get_all(b"x-api-key") == [b"mine"]
    assert not leaks(got)


def with_target(configuration: Mapping[str, Any], name: str, port: int) -> dict[str, Any]:
    upstreams = configuration["upstreams"]
    changed = {**upstreams[name], "targets": [f"http://127.0.0.1:{port}"]}
    return {**configuration, "upstreams": {**upstreams, name: changed}}


def leaks(message: Message) -> bool:
    return SECRET.encode() in message.start + message.body + repr(message.fields).encode()
