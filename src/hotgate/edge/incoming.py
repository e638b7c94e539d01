"""One request as it arrives: its canonical head at once, its body in pieces."""

from typing import Protocol

from hotgate.http.headers import Field
from hotgate.http.request import Request
from hotgate.http.response import Response


class BodyConsumer(Protocol):
    """The exchange that the body belongs to."""

    def on_request_data(self, data: bytes) -> None: ...

    def on_request_end(self) -> None: ...

    def on_request_broken(self, refusal: Response) -> None: ...


class Incoming:
    """length: declared Content-Length or None. chunked: framed by chunks. has_body: either of them, be it empty.

    asks_upgrade: it has an `Upgrade` field. upgrade: the protocol that will be offered to the backend, b"" for none.
    buffer: body (or tunnel) bytes that came before `consumer` was set.
    forwarding: the client's `Forwarded` and `X-Forwarded-*` fields. refusal: the answer, if no route is to be asked: of
    a malformed request, which the rest then stands for, or of one that its listener does not serve.
    """

    __slots__ = (
        "asks_upgrade",
        "buffer",
        "chunked",
        "consumer",
        "expects_continue",
        "forwarding",
        "has_body",
        "is_complete",
        "keep_alive",
        "length",
        "received",
        "refusal",
        "request",
        "request_id",
        "traceparent",
        "trailers",
        "upgrade",
    )

    def __init__(self, request: Request) -> None:
        self.request = request
        self.keep_alive = self.chunked = self.expects_continue = self.asks_upgrade = self.is_complete = False
        self.has_body = False
        self.length: int | None = None
        self.upgrade = self.request_id = self.traceparent = b""
        self.forwarding: tuple[Field, ...] = ()
        self.trailers: tuple[Field, ...] = ()
        self.received = 0
        self.buffer: bytearray | None = None
        self.consumer: BodyConsumer | None = None
        self.refusal: Response | None = None

    def on_data(self, data: bytes) -> None:
        """Body bytes, without their framing; or tunnel bytes after an upgrade was asked for."""
        self.received += len(data)
        if self.consumer is not None:
            self.consumer.on_request_data(data)
        elif self.buffer is None:
            self.buffer = bytearray(data)
        else:
            self.buffer += data

    def on_end(self) -> None:
        """The request is complete."""
        self.is_complete = True
        if self.consumer is not None:
            self.consumer.on_request_end()

    def take_buffer(self) -> bytearray:
        """What was buffered, once."""
        buffer, self.buffer = self.buffer, None
        return bytearray() if buffer is None else buffer
