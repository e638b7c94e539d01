"""The `respond` steps of a route that has any: they may change the head of an answer, replace it, or delay it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hotgate.edge.pending_policy import ANY_FAILURE
from hotgate.http.headers import Field
from hotgate.http.response import Response
from hotgate.pipeline.run import Suspended, run
from hotgate.upstream.sink import AnswerHead

if TYPE_CHECKING:
    from hotgate.edge.relay import Relay


class ResponseSteps:
    """Of one exchange. is_holding: what follows the head of the backend's answer is kept until a step has decided."""

    __slots__ = ("_end", "_head", "_held", "_relay", "is_holding")

    def __init__(self, relay: "Relay") -> None:
        self._relay = relay
        self._head: AnswerHead | None = None
        self._held: list[bytes] = []
        self._end: Sequence[Field] | None = None
        self.is_holding = False

    def on_answer_head(self, head: AnswerHead) -> None:
        """The backend has begun to answer."""
        self._head = head
        exchange = self._relay.exchange
        exchange.response = response = Response.received(head.status, head.fields, head.encoded)
        response.add_encoded(exchange.answer_block)
        self.run(0)

    def hold(self, data: bytes) -> None:
        """More of the body; the backend was asked to pause, so it is not much."""
        self._held.append(data)

    def hold_end(self, trailers: Sequence[Field]) -> None:
        """The answer was complete already."""
        self._end = trailers

    def forget(self) -> None:
        """The backend's answer is not wanted any more."""
        self._head = self._end = None
        self._held.clear()
        self.is_holding = False

    def run(self, start: int) -> None:
        """Run the steps from this one on, and send what comes of it."""
        relay = self._relay
        exchange = relay.exchange
        after = exchange.route.after
        try:
            outcome = run(after, exchange, start, len(after))
        except ANY_FAILURE as error:
            relay.policy_failed(error)
            return
        if isinstance(outcome, Suspended):
            self._pause()
            relay.wait_for_policy(outcome, self.run, relay.replace)
        elif outcome is not None:
            relay.replace(outcome)
        elif self._head is not None:
            self._send_changed(self._head)
        else:
            relay.send_taken()

    def _send_changed(self, head: AnswerHead) -> None:
        """The backend's answer as the policies left its head."""
        relay = self._relay
        response = relay.exchange.response
        assert response is not None
        has_body = response.status not in (204, 304)
        if response.status != head.status and relay.exchange.request.method != "HEAD" and has_body != head.has_body:
            relay.replace(Response(response.status, response.headers))  # the backend's framing fits no more
            return
        relay.send_head(head, response)
        self._release()

    def _pause(self) -> None:
        backend = self._relay.backend
        if self._head is not None and backend is not None:
            self.is_holding = True
            backend.pause()

    def _release(self) -> None:
        relay, held, end = self._relay, self._held, self._end
        if not self.is_holding:
            return
        self.is_holding = False
        self._held = []
        for data in held:
            relay.on_answer_data(data)
        if end is not None:
            relay.on_answer_end(end)
        elif relay.backend is not None:
            relay.backend.resume()
