"""What a connection says about its end; everything else of it is tested on the wire."""

import asyncio
from unittest.mock import Mock

from hotgate.upstream.connection import UpstreamConnection
from hotgate.upstream.failure import UpstreamFailure
from hotgate.upstream.outbox import Outbox
from hotgate.upstream.target import Target


class Transport:
    """Takes what is written, until it is closed."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_closed = False

    def get_extra_info(self, name: str) -> None:
        """Nothing is known."""

    def set_write_buffer_limits(self, high: int) -> None:
        """Whatever it is."""

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def is_closing(self) -> bool:
        return self.is_closed

    def abort(self) -> None:
        self.is_closed = True


def failure_of(*, sent: bool, streamed: bool = False) -> UpstreamFailure:
    """How a connection fails that is lost before an answer, after its output was sent or before."""

    async def play() -> UpstreamFailure:
        outbox, transport, sink = Outbox(), Transport(), Mock(method="GET")
        connection = UpstreamConnection(Target("http://b", "127.0.0.1", 9, outbox=outbox))
        connection.connection_made(transport)  # type: ignore[arg-type]
        connection.send_head(sink, b"POST / HTTP/1.1\r\n\r\n", not streamed)
        if streamed:
            await asyncio.sleep(0)
            connection.send_data(b"body")
            connection.finish_request()
        transport.is_closed = not sent
        await asyncio.sleep(0)
        connection.connection_lost(None)
        (failure,) = sink.on_failure.call_args.args
        assert isinstance(failure, UpstreamFailure)
        return failure

    return asyncio.run(play())


def test_it_knows_that_nothing_has_left() -> None:
    assert failure_of(sent=False).nothing_left


def test_it_assumes_that_what_was_written_has_left() -> None:
    assert not failure_of(sent=True).nothing_left


def test_of_a_request_in_pieces_the_first_may_have_left() -> None:
    assert not failure_of(sent=False, streamed=True).nothing_left
