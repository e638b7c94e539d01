"""Where a request's body goes: held until the backend is known (or whole, for a policy), then straight through."""

from typing import TYPE_CHECKING

from hotgate.edge.incoming import Incoming
from hotgate.http.headers import encode_fields

if TYPE_CHECKING:
    from hotgate.edge.connection import ServerConnection

_MAX_HELD = 64 * 1024  # bytes held before the client is paused


class RequestBody:
    """limit: bytes. is_collecting: a policy waits for all of it. is_streaming: part of it has been sent.

    is_sent: nothing of it remains to be sent.
    """

    __slots__ = ("_downstream", "_held", "_held_bytes", "_incoming", "is_collecting", "is_sent", "is_streaming", "limit")

    def __init__(self, incoming: Incoming, downstream: "ServerConnection", limit: int) -> None:
        self._incoming = incoming
        self._downstream = downstream
        self.limit = limit
        self._held: list[bytes] = list(incoming.take_buffer())
        self._held_bytes = incoming.received
        self.is_collecting = self.is_streaming = self.is_sent = False

    def accept(self, data: bytes) -> bool:
        """Take more of the body; False if it is too large."""
        if self._incoming.received > self.limit:
            return False
        if not self.is_streaming:
            self._held.append(data)
            self._held_bytes += len(data)
            if self._held_bytes > _MAX_HELD and not self.is_collecting:
                self._downstream.pause_reading()
        return True

    def collect(self, limit: int) -> bool:
        """Hold all of it, up to `limit`. False if it is too large already."""
        self.is_collecting = True
        self.limit = min(self.limit, limit)
        self._downstream.resume_reading()
        return max(self._incoming.received, self._incoming.length or 0) <= self.limit

    def collected(self) -> bytes:
        """The whole body, for policies; it is sent from `Request.body` from now on."""
        self.is_collecting = False
        whole = b"".join(self._held)
        self._held.clear()
        return whole

    def begin(self, whole: bytes | None) -> bytes:
        """The bytes to send right after the head. `whole`: the body if it was collected."""
        if whole is not None:
            self.is_sent = True
            return whole
        self.is_streaming = True
        first = self.encoded(b"".join(self._held))
        self._held.clear()
        return first + self.end() if self._incoming.is_complete else first

    def encoded(self, data: bytes) -> bytes:
        """Body bytes in the framing that the backend was told (RFC 9112 §7.1)."""
        if not self._incoming.chunked or not data:
            return data
        return b"%x\r\n%b\r\n" % (len(data), data)

    def end(self) -> bytes:
        """What ends the body on the wire."""
        self.is_sent = True
        if not self._incoming.chunked:
            return b""
        return b"0\r\n%b\r\n" % encode_fields(self._incoming.trailers)
