"""Every part of a request has a bound (RFC 9110 §4.1, RFC 6585 §5), and reaching it is cheap."""

import pytest

from wire.peer import turns
from wire.samples import CHUNKED_POST, GET, OK, chunk, get, post
from wire.scenario import Wire, scenario

_LIMITS = {"max_header_bytes": "2KiB", "max_headers": 10, "max_target": "256B"}


@pytest.mark.parametrize("in_pieces", [False, True])
@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (get("/" + "a" * 300), 414, "target-too-long"),
        (get("/?" + "a" * 300), 414, "target-too-long"),
        (get("/", "X: " + "x" * 3000), 431, "headers-too-large"),
        (get("/", *[f"X-{number}: {'x' * 300}" for number in range(9)]), 431, "headers-too-large"),
        (get("/", *(["X: 1"] * 11)), 431, "headers-too-large"),
        (get("/", "X" * 3000 + ": 1"), 431, "headers-too-large"),
        (b"GET /" + b"a" * 5000, 414, "target-too-long"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 5000, 431, "headers-too-large"),
    ],
)
def test_too_large(sent: bytes, status: int, code: str, in_pieces: bool) -> None:
    @scenario(limits=_LIMITS)
    async def script(wire: Wire) -> None:
        client = await wire.connect()
        if in_pieces:
            await client.send_in_pieces(sent, 200)
        else:
            client.send(sent)
        answer = await client.message()
        assert (answer.status, answer.code, answer.closes) == (status, code, True)
        assert wire.backend.accepted == 0

    script()


@pytest.mark.parametrize("in_pieces", [False, True])
def test_just_small_enough(in_pieces: bool) -> None:
    @scenario(limits=_LIMITS)
    async def script(wire: Wire) -> None:
        client = await wire.connect()
        sent = get("/" + "a" * 255, *[f"X-{number}: {'x' * 150}" for number in range(9)])
        await client.send_in_pieces(sent, 200 if in_pieces else len(sent))
        backend = await wire.backend.accept()
        assert len((await backend.message()).start) == len("GET  HTTP/1.1") + 256

    script()


@scenario(limits=_LIMITS)
async def test_a_body_in_the_same_read_does_not_count(wire: Wire) -> None:
    await wire.send(post(b"x" * 10_000))
    backend = await wire.backend.accept()
    assert len((await backend.message()).body) == 10_000


@scenario()
async def test_too_many_trailers(wire: Wire) -> None:
    client = await wire.send(CHUNKED_POST, chunk(b"a"), b"0\r\n")
    backend = await wire.backend.accept()
    await backend.head()
    await client.flood(b"X: y\r\n" * 1000, 16 * 1024 * 1024)
    assert await client.has_received(b"HTTP/1.1 4")
    assert (await client.message()).status in (400, 431)
    assert await backend.is_gone()


@scenario()
async def test_a_trailer_without_end(wire: Wire) -> None:
    client = await wire.send(CHUNKED_POST, chunk(b"a"), b"0\r\nX: ")
    backend = await wire.backend.accept()
    await backend.head()
    await client.flood(b"y" * 65536, 16 * 1024 * 1024)
    assert await client.has_received(b"HTTP/1.1 4")
    assert (await client.message()).status in (400, 431)


@scenario()
async def test_a_chunk_extension_without_end(wire: Wire) -> None:
    """As CVE-2024-22019: bytes without end that carry no body."""
    client = await wire.send(CHUNKED_POST, b"1;")
    backend = await wire.backend.accept()
    await backend.head()
    await client.flood(b"y" * 65536, 16 * 1024 * 1024)
    assert await client.has_received(b"HTTP/1.1 4")
    assert (await client.message()).status in (400, 431)


@scenario()
async def test_chunks_that_are_mostly_extensions(wire: Wire) -> None:
    """As CVE-2023-39326: each chunk has a byte, so that no bound on what has none is reached."""
    client = await wire.send(CHUNKED_POST)
    backend = await wire.backend.accept()
    await backend.head()
    await client.flood(b"1;%b\r\na\r\n" % (b"x" * 4000), 16 * 1024 * 1024)
    assert await client.has_received(b"HTTP/1.1 4")
    assert (await client.message()).code == "framing-invalid"
    assert await backend.is_gone()


@scenario(route={"max_body": "10B"})
async def test_a_declared_body_that_is_too_large(wire: Wire) -> None:
    client = await wire.send(post(b"x" * 11), GET)
    answer = await client.message()
    assert (answer.status, answer.code, answer.closes) == (413, "body-too-large", False)
    backend = await wire.backend.accept()
    assert (await backend.message()).start == b"GET / HTTP/1.1"
    backend.send(OK)
    assert (await client.message()).status == 200


@scenario(route={"max_body": "10B"})
async def test_a_declared_body_of_the_largest_size(wire: Wire) -> None:
    await wire.send(post(b"x" * 10))
    assert len((await (await wire.backend.accept()).message()).body) == 10


@scenario(route={"max_body": "10B"})
async def test_a_chunked_body_that_is_too_large_at_once(wire: Wire) -> None:
    client = await wire.send(CHUNKED_POST, chunk(b"x" * 11), b"0\r\n\r\n")
    answer = await client.message()
    assert (answer.status, answer.code) == (413, "body-too-large")
    assert wire.backend.accepted == 0


@scenario(route={"max_body": "10B"})
async def test_a_chunked_body_that_grows_too_large(wire: Wire) -> None:
    client = await wire.send(CHUNKED_POST, chunk(b"x" * 10))
    backend = await wire.backend.accept()
    await backend.head()
    await backend.exactly(15)
    client.send(chunk(b"y"), b"0\r\n\r\n", GET)
    answer = await client.message()
    assert (answer.status, answer.closes) == (413, True)
    assert await client.rest() == b""
    assert await backend.is_gone()
    assert b"0\r\n\r\n" not in backend.received()
    assert wire.backend.accepted == 1


@scenario(route={"max_body": "0B"})
async def test_no_body_at_all(wire: Wire) -> None:
    client = await wire.send(post(b""), post(b"x"))
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    assert [(await client.message()).status for _ in range(2)] == [200, 413]


@scenario()
async def test_a_refused_small_body_keeps_the_connection(wire: Wire) -> None:
    client = await wire.send(b"POST /%00 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody")
    assert (await client.message()).closes  # malformed: never kept
    client = await wire.send(GET)
    await (await wire.backend.accept()).message()


_NOT_FOUND = [{"name": "only", "match": {"path": "/only"}, "public": True, "upstream": "api"}]


@scenario(routes=_NOT_FOUND)
async def test_the_rest_of_a_small_refused_body_is_read_and_forgotten(wire: Wire) -> None:
    client = await wire.send(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nfirst")
    answer = await client.message()
    assert (answer.status, answer.closes) == (404, False)
    client.send(b"x" * 99_995, get("/only"))
    backend = await wire.backend.accept()
    assert (await backend.message()).start == b"GET /only HTTP/1.1"


@scenario(routes=_NOT_FOUND, limits={"body_idle": "30s"})
async def test_a_forgotten_body_that_stops(wire: Wire) -> None:
    client = await wire.send(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nfirst")
    await client.message()
    wire.gateway.advance(31)
    assert await client.is_gone()


@pytest.mark.parametrize("framing", [b"Content-Length: 1000000", b"Transfer-Encoding: chunked"])
def test_a_large_refused_body_closes_but_not_before_the_answer_is_read(framing: bytes) -> None:
    @scenario(routes=_NOT_FOUND)
    async def script(wire: Wire) -> None:
        client = await wire.send(b"POST /x HTTP/1.1\r\nHost: a\r\n" + framing + b"\r\n\r\n")
        assert await client.head() is not None
        client.send(b"x" * 500_000)
        await turns(50)
        assert b"route-not-found" in await client.rest()

    script()
