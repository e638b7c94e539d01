"""When a request is sent again, and when never: what decides is whether a byte of it has left the gateway."""

import pytest

from wire.gateway import TICK
from wire.peer import turns
from wire.samples import CHUNKED_POST, GET, OK, chunk, get, ok, post
from wire.scenario import Wire, scenario

_BUSY = b"HTTP/1.1 503 X\r\nContent-Length: 4\r\n\r\nbusy"
_PUT = b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b"
_CHUNKED_PUT = CHUNKED_POST.replace(b"POST", b"PUT")


def _on(*conditions: str | int, attempts: int = 2, **more: object) -> dict[str, object]:
    return {"retries": {"attempts": attempts, "on": list(conditions), **more}}


@pytest.mark.parametrize("request_bytes", [GET, post(b"body"), CHUNKED_POST + chunk(b"body") + b"0\r\n\r\n"])
def test_a_target_that_refuses_connections_costs_nothing(request_bytes: bytes) -> None:
    @scenario(backends=2)
    async def script(wire: Wire) -> None:
        wire.backend.refuse_connections()
        client = await wire.send(request_bytes)
        other = await wire.backends[1].accept()
        received = await other.message()
        assert received.body == (b"" if request_bytes == GET else b"body")
        other.send(OK)
        assert (await client.message()).status == 200
        assert wire.last_record["attempts"] == 2
        assert wire.upstream_metrics["retries"] == {"connect": 1}

    script()


@scenario(backends=3, upstream=_on(503, attempts=3))
async def test_no_target_is_asked_twice_while_there_is_another(wire: Wire) -> None:
    client = await wire.send(GET)
    for backend in wire.backends:
        peer = await backend.accept()
        await peer.message()
        peer.send(_BUSY)
    assert (await client.message()).status == 503
    assert [backend.accepted for backend in wire.backends] == [1, 1, 1]
    assert wire.last_record["attempts"] == 3


@scenario(upstream=_on("reset"))
async def test_the_only_target_is_left_alone_until_the_next_tick(wire: Wire) -> None:
    client = await wire.send(GET)
    (await wire.backend.accept()).close()
    await turns()
    assert (wire.backend.accepted, client.received()) == (1, b"")
    wire.gateway.advance(TICK)
    again = await wire.backend.accept()
    await again.message()
    again.send(OK)
    assert (await client.message()).status == 200


@scenario(upstream=_on("reset"))
async def test_a_client_that_leaves_before_the_next_try_ends_it(wire: Wire) -> None:
    client = await wire.send(GET)
    (await wire.backend.accept()).close()
    await turns()
    client.reset()
    await turns()
    wire.gateway.advance(TICK)
    await turns()
    assert wire.backend.accepted == 1
    assert wire.last_record["status"] == 499


@pytest.mark.parametrize("way", ["close", "reset"])
@pytest.mark.parametrize("request_bytes", [GET, _PUT % (4, b"body"), _CHUNKED_PUT + chunk(b"body") + b"0\r\n\r\n"])
def test_a_new_connection_that_ends_before_an_answer(request_bytes: bytes, way: str) -> None:
    @scenario(backends=2, upstream=_on("reset"))
    async def script(wire: Wire) -> None:
        client = await wire.send(request_bytes)
        first = await wire.backend.accept()
        before = await first.message()
        getattr(first, way)()
        other = await wire.backends[1].accept()
        again = await other.message()
        assert (again.start, again.body) == (before.start, before.body)
        other.send(OK)
        assert (await client.message()).status == 200
        assert wire.upstream_metrics["retries"] == {"reset": 1}

    script()


@scenario(backends=2)
async def test_not_unless_the_configuration_says_so(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.close()
    assert (await client.message()).code == "upstream-closed"
    assert wire.backends[1].accepted == 0


@pytest.mark.parametrize("first_answer", [b"", _BUSY])
def test_a_post_is_repeated_only_where_that_is_allowed(first_answer: bytes) -> None:
    @scenario(backends=2, upstream=_on("reset", 503, non_idempotent=["POST"]))
    async def script(wire: Wire) -> None:
        client = await wire.send(post(b"body"))
        first = await wire.backend.accept()
        await first.message()
        first.send(first_answer)
        first.close()
        other = await wire.backends[1].accept()
        assert (await other.message()).body == b"body"
        other.send(OK)
        assert (await client.message()).status == 200
        client.send(b"PATCH" + post(b"body")[4:])
        await other.message()
        other.close()
        assert (await client.message()).code == "upstream-closed"

    script()


@scenario(backends=2, upstream=_on("timeout", per_try_timeout="2s"))
async def test_a_try_that_takes_too_long(wire: Wire) -> None:
    client = await wire.send(GET)
    slow = await wire.backend.accept()
    await slow.message()
    wire.gateway.advance(2.5)
    other = await wire.backends[1].accept()
    await other.message()
    assert await slow.is_gone()
    other.send(OK)
    assert (await client.message()).status == 200
    assert wire.upstream_metrics["retries"] == {"timeout": 1}
    client.send(post(b"body"))
    await other.message()
    wire.gateway.advance(2.5)
    assert (await client.message()).code == "upstream-timeout"


@scenario(backends=2, upstream={**_on("timeout", per_try_timeout="2s"), "timeouts": {"total": "3s"}})
async def test_all_tries_together_have_one_end(wire: Wire) -> None:
    client = await wire.send(GET)
    await (await wire.backend.accept()).message()
    wire.gateway.advance(2.5)
    await (await wire.backends[1].accept()).message()
    wire.gateway.advance(1)
    answer = await client.message()
    assert (answer.status, answer.code) == (504, "upstream-timeout")
    assert "not finished within 3 s" in wire.last_record["log_detail"]


@scenario(backends=2, upstream={**_on("reset"), "timeouts": {"total": "100ms"}})
async def test_no_try_begins_after_the_end(wire: Wire) -> None:
    wire.backends[1].refuse_connections()
    client = await wire.send(GET)
    (await wire.backend.accept()).close()
    await turns()
    wire.gateway.advance(TICK)
    assert (await client.message()).status in (502, 504)
    assert wire.backend.accepted == 1


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_larger_body_is_not_held_and_not_sent_again(framing: str) -> None:
    body = b"x" * 3000
    sent = _PUT % (3000, body) if framing == "length" else _CHUNKED_PUT + chunk(body) + b"0\r\n\r\n"

    @scenario(backends=2, upstream=_on("reset", max_body="2KiB"))
    async def script(wire: Wire) -> None:
        client = await wire.send(sent)
        first = await wire.backend.accept()
        await first.message()
        first.close()
        assert (await client.message()).code == "upstream-closed"
        assert wire.backends[1].accepted == 0

    script()


@scenario(backends=2, upstream=_on("connect", max_body="0"))
async def test_a_body_of_which_nothing_was_sent_is_sent_whatever_its_size(wire: Wire) -> None:
    wire.backend.refuse_connections()
    client = await wire.send(post(b"x" * 3000))
    other = await wire.backends[1].accept()
    assert (await other.message()).body == b"x" * 3000
    other.send(OK)
    assert (await client.message()).status == 200


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_an_upload_goes_on_towards_the_other_target(framing: str) -> None:
    head = b"PUT / HTTP/1.1\r\nHost: a\r\n"
    length = framing == "length"
    head += b"Content-Length: 9\r\n\r\n" if length else b"Transfer-Encoding: chunked\r\n\r\n"
    pieces = [b"one", b"two", b"six"] if length else [chunk(b"one"), chunk(b"two"), chunk(b"six") + b"0\r\n\r\n"]

    @scenario(backends=2, upstream=_on(503), limits={"request_buffer": 0})
    async def script(wire: Wire) -> None:
        client = await wire.send(head, pieces[0])
        first = await wire.backend.accept()
        await first.head()
        client.send(pieces[1])
        await first.until(b"two")
        first.send(_BUSY)
        other = await wire.backends[1].accept()
        await other.head()
        client.send(pieces[2])
        rest = await other.until(b"six" if length else b"0\r\n\r\n")
        assert rest == (b"onetwosix" if length else chunk(b"onetwo") + pieces[2])
        other.send(OK)
        assert (await client.message()).status == 200

    script()


@scenario(backends=2, upstream=_on(503, max_body="4B"), limits={"request_buffer": 0})
async def test_an_upload_that_outgrew_what_is_held(wire: Wire) -> None:
    client = await wire.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\none")
    first = await wire.backend.accept()
    await first.head()
    client.send(b"two")
    await first.until(b"onetwo")
    first.send(_BUSY)
    assert (await client.message()).status == 503
    assert wire.backends[1].accepted == 0


@scenario(backends=2, upstream=_on(503))
async def test_the_client_is_told_to_continue_once(wire: Wire) -> None:
    client = await wire.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
    first = await wire.backend.accept()
    await first.head()
    first.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert await client.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.send(b"body")
    await first.exactly(4)
    first.send(_BUSY)
    other = await wire.backends[1].accept()
    again = await other.message()
    assert (again.get(b"expect"), again.body) == (None, b"body")
    other.send(b"HTTP/1.1 100 Continue\r\n\r\n", OK)
    assert (await client.message()).status == 200


@scenario(backends=2, upstream=_on(503))
async def test_hints_of_an_answer_that_was_given_up_do_no_harm(wire: Wire) -> None:
    client = await wire.send(GET)
    first = await wire.backend.accept()
    await first.message()
    first.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", _BUSY)
    other = await wire.backends[1].accept()
    await other.message()
    other.send(OK)
    assert (await client.message()).status == 103
    assert (await client.message()).status == 200


_STINGY = {"percent": 0, "per_second": 0}


@scenario(backends=2, upstream=_on("connect", 503, budget=_STINGY))
async def test_retries_have_a_budget(wire: Wire) -> None:
    client = await wire.send(GET)
    first = await wire.backend.accept()
    await first.message()
    first.send(_BUSY)
    assert (await client.message()).body == b"busy"
    assert wire.upstream_metrics["budget_exhausted"] == 1
    assert wire.upstream_metrics["retries"] == {}


@scenario(backends=2, upstream=_on("connect", 503, budget=_STINGY))
async def test_what_reached_nobody_is_free(wire: Wire) -> None:
    wire.backend.refuse_connections()
    client = await wire.send(GET)
    other = await wire.backends[1].accept()
    await other.message()
    other.send(OK)
    assert (await client.message()).status == 200
    assert wire.upstream_metrics["budget_exhausted"] == 0


@scenario(backends=2, upstream=_on(503))
async def test_an_answer_that_is_passed_on_is_not_logged_as_several(wire: Wire) -> None:
    client = await wire.send(get("/"))
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(ok(b"fine"))
    assert (await client.message()).body == b"fine"
    assert "attempts" not in wire.last_record


@pytest.mark.parametrize("request_bytes", [GET, post(b"body")])
@pytest.mark.parametrize("is_client_first", [True, False])
def test_a_kept_connection_that_is_closed_as_we_send(request_bytes: bytes, is_client_first: bool) -> None:
    """Both arrive in one round of the event loop: whichever is read first, nothing was sent on the dead connection."""

    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.send(GET)
        first = await wire.backend.accept()
        await first.message()
        first.send(OK)
        await client.message()
        if is_client_first:
            client.send(request_bytes)
            first.end_at_once()
        else:
            first.end_at_once()
            client.send(request_bytes)
        other = await wire.backend.accept()
        assert (await other.message()).body == (b"" if request_bytes == GET else b"body")
        other.send(OK)
        assert (await client.message()).status == 200

    script()
