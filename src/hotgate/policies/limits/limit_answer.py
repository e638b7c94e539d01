"""How a caller hears of a limit: `RateLimit` fields on every answer, 429 when it is used up, 503 if nobody knows."""

from collections.abc import Sequence
from functools import lru_cache

from hotgate.http.headers import Headers
from hotgate.http.problem import problem_body
from hotgate.http.response import Response
from hotgate.limits.decision import LimitDecision
from hotgate.limits.limit import Limit
from hotgate.pipeline.decision import Decision, Path
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.route import Outcome
from hotgate.policies.limits.limit_fields import LimitItem, fields_of, tell_refused

MESSAGE = "There were too many requests. Slow down."
_QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"  # draft -11, §5.1
_UNKNOWN = "nobody knows: no answer from the limit authority, or too many requests wait for one"


class LimitAnswer:
    """What is said of one limit. item: the same in header fields. exceeded: what operators read of a refusal.

    policy, path: the key of the file that set it, for operators. by: what has a bucket. message: for people. code: of
    the problem, for programs. unknown: why nobody could decide, for operators.
    """

    __slots__ = ("_body", "_code", "_unknown", "exceeded", "item")

    def __init__(
        self,
        item: LimitItem,
        *,
        policy: str,
        path: Path = (),
        by: str = "principal",
        message: str = MESSAGE,
        code: str = "rate-limited",
        unknown: str = _UNKNOWN,
    ) -> None:
        self.item = item
        self._code = code
        reason = f"limit {item.name}: more than {item.shown_rate} by {by}"
        self.exceeded = Decision(policy, item.name, path, allowed=False, reason=reason)
        self._unknown = Decision(policy, item.name, path, allowed=False, reason=unknown)
        told = {"type": _QUOTA_EXCEEDED, "title": "Quota Exceeded", "violated-policies": [item.name]}
        self._body = problem_body(429, code, message, told if item.is_told else {})

    def tell(self, exchange: Exchange, decision: LimitDecision | None) -> Outcome:
        """Note the decision, and stop the request if it is denied or there is none."""
        if decision is None:
            return self.unavailable(exchange)
        if not decision.allowed:
            return self.refuse(exchange, decision, (self.item,))
        fields_of((self.item,)).tell(exchange, self.item.figures(decision.remaining))
        exchange.add_limits(list, [decision])
        return None

    def refuse(self, exchange: Exchange, decision: LimitDecision, items: Sequence[LimitItem]) -> Response:
        """The 429. items: of all limits that the request is under. Nobody is told to try again what can never pass."""
        tell_refused(exchange, tuple(items), self.item, decision.retry_after)
        exchange.add_limits(list, [decision])
        exchange.decision = self.exceeded
        exchange.route.recorder.over_limit(self.item.name, "refused")
        fields = [(b"content-type", b"application/problem+json")]
        if not decision.is_hopeless:
            fields.append((b"retry-after", b"%d" % decision.retry_after))
        response = Response(429, Headers(fields), self._body)
        response.code, response.log_detail = self._code, self.exceeded.reason
        return response

    def unavailable(self, exchange: Exchange) -> Outcome:
        """The 503: nothing could be decided."""
        exchange.decision = self._unknown
        exchange.route.recorder.over_limit(self.item.name, "unavailable")
        return Response.problem(
            503,
            code="limit-unavailable",
            detail="The request rate cannot be checked at the moment.",
            headers={"retry-after": "1"},
            log_detail=self._unknown.reason,
        )


@lru_cache(maxsize=1024)
def answer_of(limit: Limit, path: Path = (), *, policy: str = "authenticate", by: str = "credential") -> LimitAnswer:
    """The same answer for the same limit, for limits that are only met while requests come."""
    return LimitAnswer(LimitItem.of(limit), policy=policy, path=path, by=by)
