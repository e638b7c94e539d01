"""Policies: they fail closed, and they may wait."""

import asyncio

import pytest

from hotgate import Exchange, Response, policy
from hotgate.pipeline.policy import UserPolicy
from wire.peer import turns
from wire.samples import CHUNKED_OK, CHUNKED_POST, GET, OK, chunk, ok, post
from wire.scenario import Wire, scenario


class Gate:
    """Where a policy waits until the test opens it; `cancelled` tells how it ended."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.reached = asyncio.Event()
        self.cancelled = False
        self.passed = 0

    async def pass_through(self) -> None:
        self.reached.set()
        try:
            await self.opened.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        self.passed += 1


_gates: list[Gate] = []


@pytest.fixture(autouse=True)
def gate() -> Gate:
    _gates[:] = [Gate()]
    return _gates[0]


@policy(phase="authorize")
def raises_before(exchange: Exchange) -> None:
    raise RuntimeError("secret-detail")


@policy(phase="authorize")
async def raises_before_later(exchange: Exchange) -> None:
    await asyncio.sleep(0)
    raise RuntimeError("secret-detail")


@policy(phase="respond")
def raises_after(exchange: Exchange) -> None:
    raise RuntimeError("secret-detail")


@policy(phase="respond")
async def raises_after_later(exchange: Exchange) -> None:
    await asyncio.sleep(0)
    raise RuntimeError("secret-detail")


@policy(phase="finish")
def raises_at_the_end(exchange: Exchange) -> None:
    raise RuntimeError("secret-detail")


@policy(phase="authorize")
async def returns_nonsense_later(exchange: Exchange) -> Response | None:
    await asyncio.sleep(0)
    return True  # type: ignore[return-value]


@policy(phase="authorize")
def returns_nonsense(exchange: Exchange) -> Response | None:
    return True  # type: ignore[return-value]


@pytest.mark.parametrize(
    "failing",
    [raises_before, raises_before_later, returns_nonsense, returns_nonsense_later],
    ids=lambda each: each.function.__name__,
)
def test_a_policy_that_fails_before_denies(failing: UserPolicy) -> None:
    @scenario(policies=[failing])
    async def script(wire: Wire) -> None:
        client = await wire.send(GET)
        answer = await client.message()
        assert (answer.status, answer.code, answer.closes) == (500, "policy-failed", False)
        assert b"secret" not in answer.body
        await turns(20)
        assert wire.backend.accepted == 0
        assert wire.last_record["code"] == "policy-failed"

    script()


@pytest.mark.parametrize("failing", [raises_after, raises_after_later], ids=lambda each: each.function.__name__)
def test_a_policy_that_fails_after_hides_the_answer(failing: UserPolicy) -> None:
    @scenario(policies=[failing])
    async def script(wire: Wire) -> None:
        client = await wire.send(GET)
        backend = await wire.backend.accept()
        await backend.message()
        backend.send(ok(b"confidential"))
        answer = await client.message()
        assert (answer.status, answer.code) == (500, "policy-failed")
        client.send(GET)
        other = await wire.backend.accept() if wire.backend.accepted > 1 else None
        if other is None:
            await turns(50)
        await turns(20)
        assert b"confidential" not in client.received()

    script()


@scenario(policies=[raises_at_the_end])
async def test_a_policy_that_fails_at_the_end_changes_nothing(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    for _ in range(2):
        await backend.message()
        backend.send(OK)
        assert (await client.message()).body == b"ok"
        client.send(GET)


@policy(phase="authorize")
async def waits_before(exchange: Exchange) -> Response | None:
    await _gates[0].pass_through()
    return None


@scenario(policies=[waits_before])
async def test_a_policy_may_wait(wire: Wire) -> None:
    client = await wire.send(GET)
    await _gates[0].reached.wait()
    await turns(50)
    assert wire.backend.accepted == 0
    _gates[0].opened.set()
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    assert (await client.message()).body == b"ok"


@scenario(policies=[waits_before])
async def test_a_client_that_leaves_ends_the_wait(wire: Wire) -> None:
    client = await wire.send(GET)
    await _gates[0].reached.wait()
    client.reset()
    await turns(50)
    assert _gates[0].cancelled
    assert wire.backend.accepted == 0
    assert wire.last_record["code"] == "client-closed"


@scenario(policies=[waits_before])
async def test_a_wait_has_an_end(wire: Wire) -> None:
    client = await wire.send(GET)
    await _gates[0].reached.wait()
    wire.gateway.advance(31)
    answer = await client.message()
    assert (answer.status, answer.code) == (503, "policy-timeout")
    await turns(20)
    assert _gates[0].cancelled
    assert wire.backend.accepted == 0


@scenario(policies=[waits_before])
async def test_a_body_that_comes_while_a_policy_waits(wire: Wire) -> None:
    client = await wire.send(CHUNKED_POST, chunk(b"one"))
    await _gates[0].reached.wait()
    client.send(chunk(b"two"), b"0\r\n\r\n")
    await turns(20)
    _gates[0].opened.set()
    backend = await wire.backend.accept()
    assert (await backend.message()).body == b"onetwo"


@scenario(policies=[waits_before])
async def test_a_body_that_breaks_while_a_policy_waits(wire: Wire) -> None:
    client = await wire.send(CHUNKED_POST, chunk(b"one"))
    await _gates[0].reached.wait()
    client.send(b"nonsense\r\n")
    assert (await client.message()).status == 400
    _gates[0].opened.set()
    await turns(50)
    assert wire.backend.accepted == 0


@policy(phase="respond")
async def waits_after(exchange: Exchange) -> Response | None:
    await _gates[0].pass_through()
    return None


@scenario(policies=[waits_after])
async def test_an_answer_is_held_while_a_policy_waits(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(CHUNKED_OK, chunk(b"one"))
    await _gates[0].reached.wait()
    backend.send(chunk(b"two"), b"0\r\nX-T: 1\r\n\r\n")
    await turns(50)
    assert client.received() == b""
    _gates[0].opened.set()
    answer = await client.message()
    assert (answer.body, answer.trailers) == (b"onetwo", [(b"x-t", b"1")])


@scenario(policies=[waits_after])
async def test_a_backend_that_leaves_while_its_answer_is_held(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(CHUNKED_OK, chunk(b"one"))
    await _gates[0].reached.wait()
    backend.reset()
    await turns(20)
    _gates[0].opened.set()
    try:
        answer = await client.message()
    except (AssertionError, ConnectionError):
        return  # cut
    assert answer.status == 502


@scenario(policies=[waits_after], upstream={"timeouts": {"total": "5s"}})
async def test_a_total_time_out_while_a_policy_holds_the_answer(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    await _gates[0].reached.wait()
    for _ in range(100):
        wire.gateway.advance(1)
        await turns(5)
    assert (await client.message()).status in (200, 503, 504)


@policy(phase="authorize", body="10B")
def reads_the_body(exchange: Exchange) -> None:
    exchange.request.headers.set(b"x-length", b"%d" % len(exchange.request.body or b""))


@scenario(policies=[reads_the_body])
async def test_a_policy_gets_the_whole_body(wire: Wire) -> None:
    client = await wire.send(CHUNKED_POST, chunk(b"one"))
    await turns(20)
    client.send(chunk(b"two"), b"0\r\n\r\n")
    backend = await wire.backend.accept()
    request = await backend.message()
    assert (request.get(b"x-length"), request.length, request.body) == (b"6", 6, b"onetwo")
    backend.send(OK)
    client.send(post(b"x" * 11))
    assert (await client.message()).status == 200
    assert (await client.message()).code == "body-too-large"


@scenario(policies=[reads_the_body, waits_after])
async def test_a_body_that_is_too_large_for_a_policy_is_never_sent_on(wire: Wire) -> None:
    """The refusal waits for a policy of its own; meanwhile the body goes on and ends."""
    client = await wire.send(CHUNKED_POST, chunk(b"x" * 8))
    await turns(20)
    client.send(chunk(b"y" * 8))
    await _gates[0].reached.wait()
    client.send(chunk(b"z"), b"0\r\n\r\n")
    await turns(50)
    assert wire.backend.accepted == 0
    _gates[0].opened.set()
    assert (await client.message()).code == "body-too-large"
    assert wire.backend.accepted == 0


@policy(phase="authorize")
def refuses(exchange: Exchange) -> Response:
    return Response.problem(403, code="forbidden")


@scenario(policies=[refuses, waits_after], route={"max_body": "1GiB"})
async def test_a_refused_body_is_bounded_while_the_refusal_waits(wire: Wire) -> None:
    client = await wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n")
    await _gates[0].reached.wait()
    assert await client.flood(b"x" * 65536, 64 * 1024 * 1024) < 16 * 1024 * 1024
    _gates[0].opened.set()
    assert (await client.message()).status == 403


@scenario(policies=[waits_after], route={"max_body": "10B"})
async def test_a_declared_body_that_is_too_large_is_bounded_while_the_refusal_waits(wire: Wire) -> None:
    client = await wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n")
    await _gates[0].reached.wait()
    assert await client.flood(b"x" * 65536, 64 * 1024 * 1024) < 16 * 1024 * 1024
