"""Informational answers (RFC 9110 §15.2) go to clients that know them, and are never mixed up with the answer."""

import pytest

from wire.samples import GET, OK
from wire.scenario import Wire, scenario


@pytest.mark.parametrize("status", [102, 103, 104, 199])
def test_passed_on(status: int) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.send(GET)
        backend = await wire.backend.accept()
        await backend.message()
        backend.send(b"HTTP/1.1 %d X\r\nLink: </a>\r\nConnection: x-hop\r\nX-Hop: 1\r\n\r\n" % status)
        interim = await client.head()
        assert interim.status == status
        assert interim.fields == [(b"link", b"</a>")]
        backend.send(OK)
        assert (await client.message()).body == b"ok"

    script()


@scenario()
async def test_not_passed_on_to_http_1_0(wire: Wire) -> None:
    client = await wire.send(b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(b"HTTP/1.1 103 X\r\n\r\n", OK)
    assert (await client.message()).status == 200


@pytest.mark.parametrize("status", [100, 102, 103, 104, 199])
@pytest.mark.parametrize(
    "framing", [b"Content-Length: 45\r\n", b"Transfer-Encoding: chunked\r\n"], ids=["length", "chunked"]
)
def test_a_body_of_an_interim_answer_never_reaches_the_client(status: int, framing: bytes) -> None:
    """RFC 9112 §6.3: an informational answer ends with its head."""

    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.send(GET)
        backend = await wire.backend.accept()
        await backend.message()
        evil = b"HTTP/1.1 299 Evil\r\nContent-Length: 4\r\n\r\nevil"
        backend.send(b"HTTP/1.1 %d X\r\n%b\r\n%b" % (status, framing, evil))
        answer = await client.message()
        while answer.status == status:
            answer = await client.message()
        # Either what follows is read as the final answer, or the whole is refused; it is never passed on unread.
        assert answer.get(b"x-request-id")
        assert (answer.status, answer.body) == (299, b"evil") or answer.code == "upstream-invalid-answer"

    script()


@scenario()
async def test_a_flood_of_interim_answers_is_bounded(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    taken = await backend.flood(b"HTTP/1.1 103 X\r\nA: b\r\n\r\n" * 500, 8 * 1024 * 1024)
    assert taken < 4 * 1024 * 1024
    answer = await client.message()
    while answer.status == 103:
        answer = await client.message()
    assert answer.code == "upstream-invalid-answer"
