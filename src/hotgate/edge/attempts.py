"""Whether a request that failed is sent once more. What decides is whether a byte of it has left the gateway.

| what happened | a byte has left | sent again |
|---|---|---|
| no connection, or it was closed before the request was written | no | if `on` has `connect` |
| a kept connection was closed before an answer: it was dead | perhaps | once, if it can be repeated |
| closed before an answer; no answer in time; a status | yes | if it can be repeated, and `on` and the budget say so |

A request can be repeated if its method is idempotent (RFC 9110 §9.2.2), or named by `non_idempotent`. In every case all
of its body that was sent must still be held. None of this costs an exchange anything whose first try succeeds.
"""

from typing import TYPE_CHECKING

from hotgate.upstream.failure import CONNECT, RESET, UpstreamFailure

if TYPE_CHECKING:
    from hotgate.edge.backend_leg import BackendLeg

STALE = "stale"


def reason_after_failure(leg: "BackendLeg", failure: UpstreamFailure) -> str:
    """Why the request is sent again, as the metrics say it; "" if it is not. Takes from the budget."""
    if not _is_body_held(leg):
        return ""
    rules = leg.upstream.retries
    if not failure.nothing_left and leg.method not in rules.methods:
        return ""
    if leg.was_reused and not leg.is_fresh and failure.error_class == RESET:
        return STALE
    is_wanted = failure.error_class in rules.on or (failure.nothing_left and CONNECT in rules.on)
    if not is_wanted or leg.attempts >= rules.attempts:
        return ""
    # What follows a try that reached nobody cannot multiply anybody's load, so it is free.
    return failure.error_class if failure.nothing_left or leg.upstream.budget.spend() else ""


def reason_after_status(leg: "BackendLeg", status: int) -> str:
    """The same for an answer."""
    rules = leg.upstream.retries
    wanted = status in rules.statuses and leg.method in rules.methods and leg.attempts < rules.attempts
    return str(status) if wanted and _is_body_held(leg) and leg.upstream.budget.spend() else ""


def _is_body_held(leg: "BackendLeg") -> bool:
    body = leg.body
    return body is None or body.can_begin_again
