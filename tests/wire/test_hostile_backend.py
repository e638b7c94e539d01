"""A backend that lies, talks out of turn or sends garbage harms only its own answer, never another client's."""

import pytest

from wire.peer import turns
from wire.samples import CHUNKED_OK, GET, OK, chunk, ok
from wire.scenario import Wire, scenario

_INVALID = {
    "garbage": b"garbage\r\n\r\n",
    "bare LF": b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    "binary": bytes(range(256)),
    "no version": b"200 OK\r\n\r\n",
    "HTTP/3.0": b"HTTP/3.0 200 OK\r\n\r\n",
    "status 99": b"HTTP/1.1 99 X\r\n\r\n",
    "status 600": b"HTTP/1.1 600 X\r\nContent-Length: 0\r\n\r\n",
    "status 1000": b"HTTP/1.1 1000 X\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "the same length twice": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
    "list of lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na",
    "signed length": b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na",
    "negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\na",
    "huge length": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\na",
    "length and coding": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "coding and length": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
    "gzip, chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "unknown coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "space before colon": b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
    "NUL": b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n",
    "bare CR": b"HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\nContent-Length: 0\r\n\r\n",
    "obs-fold": b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "obs-fold in framing": b"HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "obs-fold before the first field": b"HTTP/1.1 200 OK\r\n X: a\r\nContent-Length: 0\r\n\r\n",
    "bare LF behind a field": b"HTTP/1.1 200 OK\r\nX: a\nContent-Length: 0\r\n\r\n",
    "bare LF before the end": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n",
    "CR CR LF": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\r\n\r\n",
    "empty line first": b"\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "RTSP": b"RTSP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "ICY": b"ICY 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/0.9": b"HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.2": b"HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n",
    "lower-case http": b"http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "two spaces before the status": b"HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n",
    "signed status": b"HTTP/1.1 +200 OK\r\nContent-Length: 0\r\n\r\n",
    "NUL in the reason": b"HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n",
    "CR in the reason": b"HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n",
    "escape in the reason": b"HTTP/1.1 200 \x1b[2J\r\nContent-Length: 0\r\n\r\n",
    "empty name": b"HTTP/1.1 200 OK\r\n: a\r\nContent-Length: 0\r\n\r\n",
    "no colon": b"HTTP/1.1 200 OK\r\nX\r\nContent-Length: 0\r\n\r\n",
    "BEL": b"HTTP/1.1 200 OK\r\nX: \x07\r\nContent-Length: 0\r\n\r\n",
    "coding in HTTP/1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two codings": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "identity": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n",
    "empty coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\r\n",
    "coding with a parameter": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n",
    "coding behind VT": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "a body after 100": b"HTTP/1.1 100 C\r\nContent-Length: 2\r\n\r\nok",
    "101 without being asked": b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    "many fields": b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300 + b"\r\n",
    "large head": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("answer", _INVALID.values(), ids=list(_INVALID))
def test_an_invalid_answer_is_a_502(answer: bytes) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.send(GET)
        backend = await wire.backend.accept()
        await backend.message()
        backend.send(answer)
        refusal = await client.message()
        assert (refusal.status, refusal.code) == (502, "upstream-invalid-answer")
        assert await backend.is_gone()
        client.send(GET)
        other = await wire.backend.accept()
        await other.message()
        other.send(OK)
        assert (await client.message()).body == b"ok"

    script()


_BROKEN_CHUNKS = [
    *(b"-2\r\nok\r\n", b"+2\r\nok\r\n", b"0x2\r\nok\r\n", b" 2\r\nok\r\n", b"2 \r\nok\r\n", b"2\t\r\nok\r\n"),
    *(b"2\nok\r\n", b"2\r\nok\n", b"2\r\nok", b"\r\nok\r\n", b";a\r\nok\r\n", b"fffffffffffffffff\r\nok\r\n"),
    *(
        b"2;a\nok\r\n",
        b"2;a\rok\r\n",
        b"2;a\0\r\nok\r\n",
        b'2;a="\r\nok\r\n',
        b"0\r\nX: a\n\r\n",
        b"0\r\nX : a\r\n\r\n",
    ),
    *(b"0\r\nX : a\r\n\r\n", b"0\r\n\n", b"0\n\r\n", b"0\r\nX: a\r\n b\r\n\r\n", b"0\r\nContent-Length: 1\r\n\r\n"),
]


@pytest.mark.parametrize("chunks", _BROKEN_CHUNKS)
def test_broken_chunks_never_look_complete(chunks: bytes) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.send(GET)
        backend = await wire.backend.accept()
        await backend.message()
        backend.send(CHUNKED_OK, chunk(b"ok"))
        await client.until(chunk(b"ok"))
        backend.send(chunks, b"0\r\n\r\n")
        assert await client.is_cut()
        assert b"0\r\n\r\n" not in client.received()
        assert await backend.is_gone()

    script()


_EVIL = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"


@pytest.mark.parametrize("excess", [b"more", _EVIL, b"\0" * 100])
@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("answer", [OK, CHUNKED_OK + chunk(b"ok") + b"0\r\n\r\n"])
def test_bytes_after_an_answer_never_reach_the_next_client(answer: bytes, excess: bytes, at_once: bool) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.send(GET)
        backend = await wire.backend.accept()
        await backend.message()
        backend.send(answer + excess if at_once else answer)
        if not at_once:
            assert (await client.message()).body == b"ok"
            backend.send(excess)
        assert await backend.is_gone()
        next_client = await wire.send(GET)
        other = await wire.backend.accept()
        await other.message()
        other.send(ok(b"fine"))
        assert (await next_client.message()).body == b"fine"
        assert b"evil" not in client.received()
        assert b"more" not in client.received()

    script()


@scenario()
async def test_a_whole_answer_with_garbage_behind_it_is_still_an_answer(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK, b"garbage")
    assert (await client.message()).body == b"ok"
    assert await backend.is_gone()


@scenario()
async def test_an_unasked_answer_on_an_idle_connection(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    await client.message()
    backend.send(_EVIL)
    assert await backend.is_gone()
    client.send(GET)
    other = await wire.backend.accept()
    await other.message()
    other.send(OK)
    assert (await client.message()).body == b"ok"


@pytest.mark.parametrize("body", [b"evil!", b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"])
@pytest.mark.parametrize("framing", [b"Content-Length: %d\r\n", b"", b"Transfer-Encoding: chunked\r\n"])
def test_a_body_after_the_answer_to_head(framing: bytes, body: bytes) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.send(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        backend = await wire.backend.accept()
        await backend.message()
        head = b"HTTP/1.1 200 OK\r\n" + (framing % len(body) if b"%" in framing else framing) + b"\r\n"
        backend.send(head, body)
        assert (await client.head()).status in (200, 502)
        assert await backend.is_gone()
        assert b"evil" not in client.received()
        client.send(GET)
        other = await wire.backend.accept()
        await other.message()
        other.send(OK)
        assert b"evil" not in await client.until(b"ok")

    script()


@pytest.mark.parametrize(
    ("asked", "head"),
    [
        (b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 42\r\n\r\n"),
        (b"HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        (b"GET", b"HTTP/1.1 304 N\r\nContent-Length: 42\r\n\r\n"),
        (b"GET", b"HTTP/1.1 204 N\r\nContent-Length: 42\r\n\r\n"),
        (b"GET", b"HTTP/1.1 204 N\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ],
)
def test_a_connection_on_which_a_body_may_come_late_is_not_used_again(asked: bytes, head: bytes) -> None:
    """What comes after it had been given to another request would be that one's answer."""

    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.send(asked + b" / HTTP/1.1\r\nHost: a\r\n\r\n")
        backend = await wire.backend.accept()
        await backend.message()
        backend.send(head)
        await client.head()
        client.send(GET)
        other = await wire.backend.accept()
        await other.message()
        backend.send(_EVIL)
        other.send(ok(b"good"))
        assert (await client.message()).body == b"good"

    script()


@scenario()
async def test_a_connection_after_204_is_used_again(wire: Wire) -> None:
    client = await wire.send(GET, GET)
    backend = await wire.backend.only()
    for _ in range(2):
        await backend.message()
        backend.send(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")
        assert (await client.message()).status == 204
    assert wire.backend.accepted == 1


@scenario(upstream={"max_header_bytes": "1KiB", "max_headers": 4})
async def test_bounds_of_an_answers_head(wire: Wire) -> None:
    for fields, status in ((["A: 1"] * 4, 502), (["A: " + "x" * 1024], 502), (["A: 1"] * 3, 200)):
        _, answer = await wire.exchange(GET, ok(b"ok", *fields))
        assert answer.status == status


@scenario()
async def test_fields_of_one_hop_are_removed(wire: Wire) -> None:
    _, answer = await wire.exchange(
        GET,
        ok(
            b"ok",
            "Connection: keep-alive, X-Hop, Content-Type",
            "X-Hop: 1",
            "Keep-Alive: timeout=5",
            "Proxy-Authenticate: Basic",
            "Proxy-Connection: close",
            "Trailer: x",
            "TE: x",
            "Upgrade: h2c",
            "X-Request-Id: chosen-by-the-backend",
            "Content-Type: text/plain",
            "Set-Cookie: a=1",
            "Set-Cookie: b=2",
        ),
    )
    kept = {name for name, _ in answer.fields}
    assert kept == {b"content-length", b"content-type", b"set-cookie", b"x-request-id"}
    assert answer.get_all(b"set-cookie") == [b"a=1", b"b=2"]
    assert answer.get(b"x-request-id") != b"chosen-by-the-backend"


@scenario()
async def test_the_reason_phrase_is_not_the_backends(wire: Wire) -> None:
    _, answer = await wire.exchange(GET, b"HTTP/1.1 200 <script>\x80\r\nContent-Length: 0\r\n\r\n")
    assert answer.start == b"HTTP/1.1 200 OK"


@scenario()
async def test_unbounded_trailers_are_refused(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(CHUNKED_OK, chunk(b"ok"), b"0\r\n")
    taken = await backend.flood(b"X: " + b"y" * 1000 + b"\r\n", 16 * 1024 * 1024)
    assert taken < 8 * 1024 * 1024
    assert await client.is_cut()


@scenario()
async def test_one_endless_trailer_is_refused(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(CHUNKED_OK, chunk(b"ok"), b"0\r\nX: ")
    assert await backend.flood(b"y" * 65536, 32 * 1024 * 1024) < 16 * 1024 * 1024
    assert await client.is_cut()


@scenario()
async def test_repeated_answers_are_read_anew(wire: Wire) -> None:
    client = await wire.connect()
    fixed = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\n\r\n"
    for answer, body in (
        (fixed + b"ab", b"ab"),
        (fixed + b"cd", b"cd"),
        (fixed + b"ef", b"ef"),
        (fixed.replace(b": 2", b": 3") + b"ghi", b"ghi"),
        (fixed + b"jk", b"jk"),
    ):
        client.send(GET)
        backend = await wire.backend.only()
        await backend.message()
        backend.send(answer)
        assert (await client.message()).body == body
    client.send(GET)
    await backend.message()
    backend.send(fixed + b"lm" + _EVIL)
    assert await backend.is_gone()
    await turns()
    assert b"evil" not in client.received()


@scenario()
async def test_a_repeated_answer_in_pieces(wire: Wire) -> None:
    client = await wire.connect()
    fixed = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n"
    for pieces in (
        (fixed + b"abcdef",),
        (fixed + b"abc", b"def"),
        (fixed, b"abcdef"),
        (fixed[:20], fixed[20:] + b"abcdef"),
    ):
        client.send(GET)
        backend = await wire.backend.only()
        await backend.message()
        for piece in pieces:
            backend.send(piece)
            await turns(10)
        assert (await client.message()).body == b"abcdef"
    client.send(GET)
    await backend.message()
    backend.send(fixed + b"abc")
    await client.head()
    backend.close()
    assert await client.is_cut()


@scenario()
async def test_a_repeated_answer_to_head(wire: Wire) -> None:
    client = await wire.connect()
    for _ in range(3):
        client.send(GET)
        backend = await wire.backend.only()
        await backend.message()
        backend.send(OK)
        assert (await client.message()).body == b"ok"
    client.send(b"HEAD / HTTP/1.1\r\nHost: a.example\r\n\r\n")
    await backend.message()
    backend.send(OK)  # with a body, which an answer to HEAD never has
    await client.head()
    client.send(GET)
    other = await wire.backend.accept()
    await other.message()
    other.send(ok(b"good"))
    assert b"ok" not in (await client.until(b"good")).split(b"\r\n\r\n", 1)[0].replace(b"200 OK", b"")
