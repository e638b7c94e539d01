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


@pytest.mark.parametrize("name", ["obs-fold", "obs-fold in framing"])
def test_a_folded_field_is_refused_or_unfolded(name: str) -> None:
    field = b"X: a\r\n b\r\n" if name == "obs-fold" else b"Transfer-Encoding:\r\n chunked\r\n"

    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.send(GET)
        backend = await wire.backend.accept()
        await backend.message()
        backend.send(b"HTTP/1.1 200 OK\r\n%bContent-Length: 2\r\n\r\nok" % field)
        answer = await client.message()
        assert answer.status == 502 or answer.get(b"x") in (b"a b", b"a   b")

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
