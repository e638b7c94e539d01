"""A request of the gateway's own, to a real server on a real socket."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from hotgate.observe.metrics import WorkerMetrics
from hotgate.testing import make_exchange
from hotgate.upstream.side_call import SideAnswer, SideCallFailed, SideRequest, side_call
from hotgate.upstream.target import Target
from hotgate.upstream.upstream import Upstream


class Seen(list[bytes]):
    """The requests that came. first: set when there is one."""

    def __init__(self) -> None:
        super().__init__()
        self.first = asyncio.Event()


Script = Callable[[Upstream, Seen], Awaitable[None]]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter, Seen], Awaitable[None]]

GOOD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-a: b\r\n\r\nok"


async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: Seen) -> None:
    """One request at a time, until the client leaves."""
    while head := await reader.readuntil(b"\r\n\r\n"):
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        seen.append(head + await reader.readexactly(length))
        writer.write(GOOD)


def play(script: Script, serve: Serve = answering) -> None:
    async def run() -> None:
        seen = Seen()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await serve(reader, writer, seen)
            except (asyncio.IncompleteReadError, ConnectionError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        target = Target(f"http://127.0.0.1:{port}", "127.0.0.1", port)
        upstream = Upstream("asked", [target], recorder=WorkerMetrics().upstream("asked"))
        await script(upstream, seen)
        server.close()
        upstream.close()
        assert upstream.is_unused

    asyncio.run(run())


async def ask(upstream: Upstream, request: SideRequest | None = None) -> SideAnswer:
    return await side_call(upstream, make_exchange(), request or SideRequest("GET", b"/ask?a=1"))


def test_an_answer_comes_and_its_connection_is_used_again() -> None:
    async def script(upstream: Upstream, seen: Seen) -> None:
        answer = await ask(upstream)
        assert (answer.status, answer.body, dict(answer.fields)[b"x-a"]) == (200, b"ok", b"b")
        await ask(upstream, SideRequest("POST", b"/ask", [(b"content-type", b"text/plain")], b"hello"))
        assert upstream.targets[0].connects == 1
        assert seen[0].startswith(b"GET /ask?a=1 HTTP/1.1\r\nhost: 127.0.0.1:")
        assert seen[1].endswith(b"content-type: text/plain\r\ncontent-length: 5\r\n\r\nhello")

    play(script)


def test_fields_cannot_change_the_framing_or_the_host() -> None:
    async def script(upstream: Upstream, seen: Seen) -> None:
        fields = [(b"transfer-encoding", b"chunked"), (b"host", b"evil"), (b"content-length", b"99"), (b"x-b", b"c")]
        await ask(upstream, SideRequest("POST", b"/ask", fields, b"hi"))
        assert b"chunked" not in seen[0]
        assert b"evil" not in seen[0]
        assert seen[0].count(b"content-length") == 1
        assert b"x-b: c\r\n" in seen[0]
        with pytest.raises(ValueError, match="line end"):
            await ask(upstream, SideRequest("GET", b"/ask", [(b"x-b", b"c\r\nx-c: d")]))

    play(script)


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: Seen) -> None:
    await reader.readuntil(b"\r\n\r\n")
    seen.first.set()
    await reader.read()


async def silent_later(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: Seen) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(GOOD)
    await reader.read()


def test_no_answer_in_time_gives_up_the_connection() -> None:
    async def script(upstream: Upstream, seen: Seen) -> None:
        await ask(upstream)  # so that no time goes by with connecting
        with pytest.raises(SideCallFailed, match="no answer"):
            await ask(upstream, SideRequest("GET", b"/", timeout=0.05))
        assert upstream.targets[0].active == 0
        assert upstream.targets[0].connects == 1

    play(script, silent_later)


def test_whoever_stops_waiting_gives_up_the_connection() -> None:
    async def script(upstream: Upstream, seen: Seen) -> None:
        asked = asyncio.create_task(ask(upstream))
        await seen.first.wait()
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert upstream.targets[0].active == 0

    play(script, silent)


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: Seen) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1000)
    await reader.read()


def test_an_answer_that_is_too_long_is_none() -> None:
    async def script(upstream: Upstream, seen: Seen) -> None:
        with pytest.raises(SideCallFailed, match="more than 100 bytes"):
            await ask(upstream, SideRequest("GET", b"/", max_answer=100))
        assert upstream.targets[0].active == 0

    play(script, endless)


async def answering_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: Seen) -> None:
    """As a server that forgets its kept connections, just as they are used again."""
    seen.append(await reader.readuntil(b"\r\n\r\n"))
    writer.write(GOOD)
    await reader.readuntil(b"\r\n\r\n")


@pytest.mark.parametrize("is_repeatable", [True, False])
def test_a_dead_kept_connection_is_no_failure_unless_the_request_may_not_be_repeated(is_repeatable: bool) -> None:
    async def script(upstream: Upstream, seen: Seen) -> None:
        request = SideRequest("GET", b"/", is_repeatable=is_repeatable)
        await ask(upstream, request)
        if is_repeatable:
            assert (await ask(upstream, request)).status == 200
            assert len(seen) == 2
        else:
            with pytest.raises(SideCallFailed):
                await ask(upstream, request)

    play(script, answering_once)


def test_nobody_there_is_a_failure_that_says_so() -> None:
    async def script(upstream: Upstream, seen: Seen) -> None:
        target = Target("http://127.0.0.1:1", "127.0.0.1", 1)
        nobody = Upstream("nobody", [target], recorder=WorkerMetrics().upstream("nobody"))
        with pytest.raises(SideCallFailed, match="refused"):
            await ask(nobody)

    play(script)
