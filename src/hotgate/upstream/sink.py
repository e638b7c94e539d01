"""What an upstream connection tells whoever sent the request."""

from collections.abc import Sequence
from typing import Protocol

from hotgate.http.headers import Field, encode_fields
from hotgate.upstream.failure import UpstreamFailure


class AnswerHead:
    """The head of a final answer. Immutable, for answers with equal heads share one.

    fields: end-to-end only, less framing. encoded: the same for the wire. length: declared Content-Length, or None.
    framing: that field for the wire, b"" if none may be sent (RFC 9110 §8.6).
    has_body: False for answers that end with the head (RFC 9112 §6.3). The reason phrase is not kept: it means nothing
    (RFC 9112 §4) and is one more place to hide control characters.
    """

    __slots__ = ("encoded", "fields", "framing", "has_body", "length", "status")

    def __init__(self, status: int, fields: list[Field], length: int | None, has_body: bool) -> None:
        self.status = status
        self.fields = tuple(fields)
        self.encoded = encode_fields(fields)
        self.length = length
        self.framing = b"" if length is None or status == 204 else b"content-length: %d\r\n" % length
        self.has_body = has_body


class AnswerSink(Protocol):
    """Called in this order: interim*, head, data*, end; or failed at any point; or switched after head for a 101."""

    method: str

    def on_interim(self, status: int, fields: list[Field]) -> None: ...

    def on_head(self, head: AnswerHead) -> None: ...

    def on_data(self, data: bytes) -> None: ...

    def on_end(self, trailers: Sequence[Field]) -> None: ...

    def on_switched(self, head: AnswerHead) -> None: ...

    def on_failure(self, failure: UpstreamFailure) -> None: ...

    def on_upstream_blocked(self, blocked: bool) -> None:
        """The connection's send buffer is full (True) or has room again (False)."""
