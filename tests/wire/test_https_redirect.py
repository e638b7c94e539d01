"""A listener that only says where HTTPS is."""

import pytest

from wire.samples import post
from wire.scenario import Wire, scenario


def request(target: str, host: str | None = "a.example", version: str = "1.1") -> bytes:
    field = "" if host is None else f"Host: {host}\r\n"
    return f"GET {target} HTTP/{version}\r\n{field}\r\n".encode()


@pytest.mark.parametrize(
    ("sent", "location"),
    [
        (request("/"), b"https://a.example/"),
        (request("/a%20b?c=d%2f&e"), b"https://a.example/a%20b?c=d%2f&e"),
        (request("/a", "A.Example:8080"), b"https://a.example/a"),
        (request("/a", "[2001:DB8::1]:8080"), b"https://[2001:db8::1]/a"),
        (request("//evil.example/x"), b"https://a.example/evil.example/x"),
        (request("http://b.example/x", "b.example"), b"https://b.example/x"),
        (request("/a", version="1.0"), b"https://a.example/a"),
        (post(b"body"), b"https://a.example/"),
    ],
)
@scenario(listener={"redirect_https": True})
async def test_every_request_is_sent_to_https(wire: Wire, sent: bytes, location: bytes) -> None:
    client = await wire.send(sent)
    answer = await client.message()
    assert answer.status == 308
    assert answer.get(b"location") == location
    assert wire.backend.accepted == 0
    assert wire.last_record["status"] == 308


@scenario(listener={"redirect_https": 8443})
async def test_the_port_may_be_another(wire: Wire) -> None:
    client = await wire.send(request("/a", "a.example:8080"))
    assert (await client.message()).get(b"location") == b"https://a.example:8443/a"


@pytest.mark.parametrize(
    "sent",
    [
        request("/a", None),
        request("/a", None, "1.0"),
        request("/a", "evil.example/@a"),
        request("/a", "user@evil.example"),
        request("/a", "a b"),
        request("/a%0d%0ax: y"),
        request("/a", "a.example\r\nHost: evil.example"),
    ],
)
@scenario(listener={"redirect_https": True})
async def test_bad_requests_are_not_sent_anywhere(wire: Wire, sent: bytes) -> None:
    answer = await (await wire.send(sent)).message()
    assert answer.status == 400
    assert answer.get(b"location") is None


@scenario(listener={"redirect_https": True})
async def test_a_question_about_the_server_is_not_sent_elsewhere(wire: Wire) -> None:
    """No URL can say `*`, and behind a host it would be part of its name."""
    client = await wire.send(b"OPTIONS * HTTP/1.1\r\nHost: a.example\r\n\r\n")
    answer = await client.message()
    assert (answer.status, answer.get(b"location")) == (204, None)
    assert wire.backend.accepted == 0
