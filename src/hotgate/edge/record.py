"""The end of an exchange: one record feeds the metrics and the access log, and the `finish` steps run."""

from time import monotonic
from typing import TYPE_CHECKING

from hotgate.edge.pending_policy import ANY_FAILURE

if TYPE_CHECKING:
    from hotgate.edge.backend_leg import BackendLeg
    from hotgate.edge.relay import Relay
    from hotgate.observe.access_record import AccessRecord

CLIENT_CLOSED = 499  # nginx's code for a client that left; it is only ever logged


def record(
    relay: "Relay", status: int, code: str, log_detail: str, bytes_out: int, backend: "BackendLeg | None"
) -> None:
    """Count and log. `code`: the problem code of an answer of the gateway itself."""
    exchange = relay.exchange
    route = exchange.route
    duration = monotonic() - exchange.started
    bytes_in = relay.incoming.received
    route.recorder.record(status, duration, bytes_in, bytes_out)
    if code:
        route.recorder.refused(code)
    if relay.context.log is None:
        return
    request = exchange.request
    answered_at = -1.0 if backend is None else backend.answered_at
    entry: AccessRecord = (
        exchange.started,
        duration,
        answered_at - exchange.started if answered_at > 0 else -1.0,
        status,
        bytes_in,
        bytes_out,
        request.headers.get(b"user-agent") or b"",
        exchange.request_id,
        relay.trace.trace_id,
        exchange.client,
        request.method,
        request.host,
        relay.path,
        request.version,
        route.name,
        backend.upstream.name if backend is not None else "",
        code,
        exchange.principal,
        log_detail,
        0 if backend is None else backend.attempts,
    )
    relay.context.log(entry)


def finish(relay: "Relay") -> None:
    """Run the `finish` steps. The answer is out: one that fails does not keep the others from running."""
    exchange = relay.exchange
    for step in exchange.route.finish:
        try:
            step(exchange)
        except ANY_FAILURE as error:
            relay.context.report_policy_failure(exchange, error)
