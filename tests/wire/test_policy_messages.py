"""What policies write cannot change the framing, of this message or of the next."""

import pytest

from hotgate import Exchange, Response, policy
from hotgate.http.headers import Headers
from hotgate.pipeline.policy import UserPolicy
from wire.peer import turns
from wire.samples import CHUNKED_OK, GET, OK, chunk, get, ok
from wire.scenario import Wire, scenario

_INJECTED = b"a\r\nX-Injected: 1\r\n\r\nGET /smuggled HTTP/1.1"


@policy(phase="shape")
def injects_into_the_request(exchange: Exchange) -> None:
    exchange.request.headers.fields.append((b"x-a", _INJECTED))


@policy(phase="shape")
def injects_by_add(exchange: Exchange) -> None:
    exchange.request.headers.add(b"x-a", _INJECTED)


@policy(phase="shape")
def injects_a_path(exchange: Exchange) -> None:
    exchange.request.path = "/a HTTP/1.1\r\nX-Injected: 1\r\n\r\nGET /smuggled"


@policy(phase="shape")
def injects_a_query(exchange: Exchange) -> None:
    exchange.request.query = b"a HTTP/1.1\r\nX-Injected: 1"


@policy(phase="shape")
def sets_a_path_that_is_not_ascii(exchange: Exchange) -> None:
    exchange.request.path = "/ä"


@pytest.mark.parametrize(
    "injecting",
    [injects_by_add, injects_into_the_request, injects_a_path, injects_a_query, sets_a_path_that_is_not_ascii],
    ids=lambda each: each.function.__name__,
)
def test_a_policy_cannot_split_the_request(injecting: UserPolicy) -> None:
    @scenario(policies=[injecting])
    async def script(wire: Wire) -> None:
        client = await wire.send(GET)
        answer = await client.message()
        assert answer.status == 500
        assert wire.backend.accepted == 0 or b"X-Injected" not in (await wire.backend.accept()).received()

    script()


@policy(phase="authorize")
def answers_with_a_split_field(exchange: Exchange) -> Response:
    return Response(302, Headers([(b"location", _INJECTED)]))


@policy(phase="respond")
def splits_the_answer(exchange: Exchange) -> None:
    assert exchange.response is not None
    exchange.response.headers.fields.append((b"x-a", _INJECTED))


@pytest.mark.parametrize(
    "splitting", [answers_with_a_split_field, splits_the_answer], ids=lambda each: each.function.__name__
)
def test_a_policy_cannot_split_the_answer(splitting: UserPolicy) -> None:
    @scenario(policies=[splitting])
    async def script(wire: Wire) -> None:
        client = await wire.send(GET)
        if splitting is splits_the_answer:
            backend = await wire.backend.accept()
            await backend.message()
            backend.send(OK)
        answer = await client.message()
        assert answer.status == 500
        assert answer.get(b"x-injected") is None

    script()


@policy(phase="respond")
def makes_it_204(exchange: Exchange) -> None:
    assert exchange.response is not None
    exchange.response.status = 204


@scenario(policies=[makes_it_204])
async def test_a_policy_that_changes_the_status_does_not_break_the_framing(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(ok(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"))
    assert (await client.head()).status in (204, 500)
    await turns(20)
    assert b"evil" not in client.received()


@policy(phase="respond")
def makes_it_200(exchange: Exchange) -> None:
    assert exchange.response is not None
    exchange.response.status = 200


@scenario(policies=[makes_it_200])
async def test_an_answer_without_body_that_becomes_a_200_is_framed(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(b"HTTP/1.1 204 X\r\n\r\n")
    answer = await client.head()
    assert answer.status in (200, 500)
    assert answer.length is not None or answer.is_chunked or answer.closes


@policy(phase="respond")
def replaces(exchange: Exchange) -> Response:
    return Response.text("replaced")


@scenario(policies=[replaces])
async def test_an_answer_may_be_replaced(wire: Wire) -> None:
    client = await wire.send(GET, get("/2"))
    for _ in range(2):
        backend = await wire.backend.accept()
        await backend.message()
        backend.send(CHUNKED_OK, chunk(b"original"), b"0\r\n\r\n")
        assert (await client.message()).body == b"replaced"


@policy(phase="authorize")
def moves_the_host(exchange: Exchange) -> None:
    if exchange.request.path == "/first":
        exchange.request.authority = b"internal.example"
        exchange.request.headers.add(b"x-first", b"1")


@scenario(policies=[moves_the_host])
async def test_what_a_policy_changes_in_one_request_is_not_in_the_next(wire: Wire) -> None:
    client = await wire.send(get("/first"))
    backend = await wire.backend.accept()
    assert (await backend.message()).get(b"host") == b"internal.example"
    backend.send(OK)
    await client.message()
    client.send(get("/second"))
    request = await backend.message()
    assert request.get(b"host") == b"a.example"
    assert request.get(b"x-first") is None
