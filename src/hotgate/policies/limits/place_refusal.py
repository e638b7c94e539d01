"""What is said to a request that gets no place: 503, or 429 where the places are the caller's own."""

from random import randint

from hotgate.http.response import Response
from hotgate.limits.concurrency.outlook import Reason
from hotgate.pipeline.decision import Decision, Path
from hotgate.pipeline.exchange import Exchange

_REASONS: dict[Reason, str] = {
    "full": "every place is taken, and as many wait as may",
    "displaced": "the line was full, and somebody more important or with less waiting came",
    "late": "no place can be free in time",
    "expired": "no place was free in time",
}


class PlaceRefusal:
    """What is said to who gets no place. policy: the key that says how many there are; path: where it stands."""

    def __init__(self, status: int, code: str, detail: str, policy: str, path: Path) -> None:
        self._status = status
        self._code = code
        self._detail = detail
        self._decisions = {reason: Decision(policy, reason, path, False, text) for reason, text in _REASONS.items()}

    def of(self, exchange: Exchange, reason: Reason, retry_after: int) -> Response:
        """The answer. retry_after: seconds; who is refused together does not come back together."""
        exchange.decision = decision = self._decisions[reason]
        return Response.problem(
            self._status,
            code=self._code,
            detail=self._detail,
            headers={"retry-after": str(randint(retry_after, 2 * retry_after))},  # noqa: S311 (nothing to guess)
            log_detail=decision.reason,
        )
