"""Requests that do not wait for the answer before them are answered in order (RFC 9112 §9.3.2)."""

from wire.peer import turns
from wire.samples import GET, OK, get, ok, post
from wire.scenario import Wire, scenario

_ROUTES = [
    {"name": "fixed", "match": {"path": "/fixed"}, "public": True, "respond": {"body": "fixed"}},
    {"name": "api", "match": {"path": "/api/*"}, "public": True, "upstream": "api"},
]


@scenario()
async def test_answers_come_in_order(wire: Wire) -> None:
    client = await wire.send(b"".join(get(f"/{number}") for number in range(5)))
    backend = await wire.backend.accept()
    for number in range(5):
        assert (await backend.message()).start == b"GET /%d HTTP/1.1" % number
        backend.send(ok(b"%d" % number))
    assert [(await client.message()).body for _ in range(5)] == [b"0", b"1", b"2", b"3", b"4"]


@scenario()
async def test_the_next_request_waits_for_the_answer_before_it(wire: Wire) -> None:
    await wire.send(GET, GET)
    backend = await wire.backend.accept()
    await backend.message()
    await turns()
    assert backend.received() == b""
    assert wire.backend.accepted == 1


@scenario(routes=_ROUTES)
async def test_answers_of_the_gateways_own_keep_their_place(wire: Wire) -> None:
    client = await wire.send(get("/fixed"), get("/api/1"), get("/none"), get("/fixed"), get("/api/2"))
    backend = await wire.backend.accept()
    for _ in range(2):
        await backend.message()
        backend.send(OK)
    answers = [await client.message() for _ in range(5)]
    assert [answer.status for answer in answers] == [200, 200, 404, 200, 200]
    assert [answers[place].body for place in (0, 1, 3, 4)] == [b"fixed", b"ok", b"fixed", b"ok"]


@scenario(routes=_ROUTES)
async def test_many_synchronous_answers(wire: Wire) -> None:
    client = await wire.send(get("/fixed") * 30)
    assert [(await client.message()).body for _ in range(30)] == [b"fixed"] * 30


@scenario()
async def test_a_malformed_request_is_answered_in_its_turn(wire: Wire) -> None:
    client = await wire.send(GET, b"GET / HTTP/1.1\r\nHost: a\r\nBad Name: 1\r\n\r\n", GET)
    backend = await wire.backend.accept()
    await backend.message()
    await turns()
    assert client.received() == b""
    backend.send(OK)
    assert (await client.message()).status == 200
    refusal = await client.message()
    assert (refusal.status, refusal.closes) == (400, True)
    assert await client.rest() == b""
    await turns()
    assert backend.received() == b""


@scenario()
async def test_requests_after_connection_close_are_ignored(wire: Wire) -> None:
    client = await wire.send(get("/", "Connection: close"), GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    assert (await client.message()).closes
    assert await client.rest() == b""
    assert backend.received() == b""


@scenario(limits={"max_pipelined": 3})
async def test_more_than_may_wait(wire: Wire) -> None:
    client = await wire.send(GET * 50)
    backend = await wire.backend.accept()
    served = 0
    answer = None
    while answer is None or not answer.closes:
        await backend.message()
        backend.send(OK)
        answer = await client.message()
        served += 1
    assert 3 <= served <= 5
    assert await client.rest() == b""


@scenario()
async def test_a_body_that_waits_behind_another_request(wire: Wire) -> None:
    client = await wire.send(GET, post(b"a body"))
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    assert (await backend.message()).body == b"a body"
    backend.send(OK)
    assert [(await client.message()).status for _ in range(2)] == [200, 200]


@scenario()
async def test_requests_in_single_bytes(wire: Wire) -> None:
    client = await wire.connect()
    await client.send_in_pieces(get("/1") + post(b"abc") + get("/2"))
    backend = await wire.backend.accept()
    for start, body in ((b"GET /1", b""), (b"POST /", b"abc"), (b"GET /2", b"")):
        request = await backend.message()
        assert request.start == start + b" HTTP/1.1"
        assert request.body == body
        backend.send(OK)
        assert (await client.message()).body == b"ok"


@scenario()
async def test_repeated_heads_with_other_targets(wire: Wire) -> None:
    client = await wire.connect()
    for target in ("/a", "/b?c=d", "/%7euser", "/e/../f"):
        client.send(get(target))
        backend = await wire.backend.only()
        request = await backend.message()
        backend.send(OK)
        await client.message()
        assert request.start.split()[1] == {
            "/a": b"/a", "/b?c=d": b"/b?c=d", "/%7euser": b"/~user", "/e/../f": b"/f"
        }[target]  # fmt: skip


@scenario()
async def test_a_repeated_head_with_another_method_or_version(wire: Wire) -> None:
    client = await wire.connect()
    rest = b" HTTP/1.1\r\nHost: a.example\r\n\r\n"
    for start in (b"GET /", b"HEAD /", b"DELETE /", b"GET /"):
        client.send(start + rest)
        backend = await wire.backend.only()
        assert (await backend.message()).start == start + b" HTTP/1.1"
        backend.send(b"HTTP/1.1 204 X\r\n\r\n")
        assert (await client.head()).status == 204
    client.send(b"GET / HTTP/1.0\r\nHost: a.example\r\n\r\n")
    assert (await backend.message()).get(b"via") == b"1.0 hotgate"


@scenario()
async def test_a_repeated_head_cannot_hide_another_request(wire: Wire) -> None:
    client = await wire.connect()
    client.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    await client.message()
    client.send(b"GET /x HTTP/1.1\r\nA: b\r\n\r\nGET /y HTTP/1.1\r\nHost: a.example\r\n\r\n")
    assert (await client.message()).status == 400  # the first one has no Host
    assert await client.is_gone()
    assert backend.received() == b""


@scenario(limits={"max_pipelined": 1000})
async def test_a_read_that_ends_anywhere(wire: Wire) -> None:
    """However the bytes are cut, the same requests are read."""
    stream = get("/1") + post(b"12345") + get("/2", "X: y") + get("/2", "X: y") + get("/3")
    starts = [b"GET /1", b"POST /", b"GET /2", b"GET /2", b"GET /3"]
    for size in (2, 3, 7, 19, 31, 64, 97):
        client = await wire.connect()
        await client.send_in_pieces(stream, size)
        backend = await wire.backend.only()
        for start in starts:
            request = await backend.message()
            assert request.start == start + b" HTTP/1.1"
            backend.send(OK)
            assert (await client.message()).body == b"ok"
