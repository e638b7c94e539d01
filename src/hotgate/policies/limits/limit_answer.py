"""How a caller hears of a limit: `RateLimit` fields on every answer, 429 when it is used up, 503 if nobody knows."""

from functools import lru_cache

from hotgate.http.response import Response
from hotgate.limits.decision import LimitDecision
from hotgate.limits.limit import Limit
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.route import Outcome


class LimitAnswer:
    """What is said of one limit (draft-ietf-httpapi-ratelimit-headers-11, §3 and §4)."""

    def __init__(self, limit: Limit) -> None:
        name = limit.name.encode("ascii")  # route names need no escaping in a String (RFC 9651 §3.3.3)
        self._policy_field = (b"ratelimit-policy", b'"%b";q=%d;w=%d' % (name, limit.quota, limit.window_seconds))
        self._remaining_form = b'"%b";r=%%d;t=%%d' % name.replace(b"%", b"%%")

    def tell(self, exchange: Exchange, decision: LimitDecision | None) -> Outcome:
        """Note the decision, and stop the request if it is denied or there is none.

        On a denial `t` is the same moment as Retry-After; otherwise the time until the quota is whole again.
        """
        exchange.limit = decision
        if decision is None:
            return _unavailable()
        seconds = decision.reset if decision.allowed else decision.retry_after
        remaining = self._remaining_form % (max(0, decision.remaining), max(0, seconds))
        exchange.answer_fields += (self._policy_field, (b"ratelimit", remaining))
        return None if decision.allowed else _limited(decision)


@lru_cache(maxsize=1024)
def answer_of(limit: Limit) -> LimitAnswer:
    """The same answer for the same limit, for limits that are only met while requests come."""
    return LimitAnswer(limit)


def _unavailable() -> Response:
    return Response.problem(
        503,
        code="limit-unavailable",
        detail="The request rate cannot be checked at the moment.",
        headers={"retry-after": "1"},
        log_detail="no answer from the limit authority, or too many requests wait for one",
    )


def _limited(decision: LimitDecision) -> Response:
    return Response.problem(
        429,
        code="rate-limited",
        detail="There were too many requests. Slow down.",
        headers={"retry-after": str(decision.retry_after)},
    )
