"""The body of a request to a route that copies bodies, as `mirror` does."""

from typing import TYPE_CHECKING

from hotgate.edge.request_body import RequestBody
from hotgate.pipeline.body_copy import BODY_COPY, BodyCopy

if TYPE_CHECKING:
    from hotgate.edge.relay import Relay


class CopiedBody(RequestBody):
    """It goes its way as any other; what passes is copied besides."""

    __slots__ = ("_copy",)

    def __init__(self, relay: "Relay", limit: int, copied: int) -> None:
        super().__init__(relay, limit)
        self._copy = relay.exchange.state[BODY_COPY] = BodyCopy(copied, bytes(self._held))
        if self._incoming.is_complete:
            self._copy.end()

    def on_request_data(self, data: bytes) -> None:
        """More of the body."""
        self._copy.add(data)
        super().on_request_data(data)

    def on_request_end(self) -> None:
        """The body is complete."""
        self._copy.end()
        super().on_request_end()


def body_of(relay: "Relay") -> RequestBody:
    """The body of this exchange, which has one."""
    route = relay.exchange.route
    if route.copied_body >= 0:
        return CopiedBody(relay, route.max_body, route.copied_body)
    return RequestBody(relay, route.max_body)
