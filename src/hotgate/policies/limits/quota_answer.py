"""How a caller hears of a quota: what is left and until when, 429 with the end of the period when it is used up."""

from hotgate.limits.quotas.calendar import Calendar
from hotgate.pipeline.decision import Path
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.route import Outcome
from hotgate.policies.limits.limit_answer import LimitAnswer
from hotgate.policies.limits.limit_fields import LimitItem

_UNKNOWN = (
    "nobody can count it: the control process, or the database of quotas, does not answer; the gateway's log says why"
)


class QuotaItem(LimitItem):
    """A quota as fields tell it: `t` is the time until the period ends."""

    __slots__ = ("_calendar",)

    def __init__(self, name: str, *, quota: int, longest: float, calendar: Calendar) -> None:
        super().__init__(name, quota=quota, window=longest)
        self._calendar = calendar

    def figures(self, left: int) -> tuple[int, ...]:
        """What is left, and seconds."""
        return max(0, left), int(self._calendar.seconds_left()) + 1


class QuotaAnswer(LimitAnswer):
    """is_open: whether a request passes when nobody can count it."""

    __slots__ = ("_is_open",)

    def __init__(self, item: QuotaItem, *, path: Path, by: str, message: str, is_open: bool) -> None:
        super().__init__(
            item, policy="quota", path=path, by=by, message=message, code="quota-exceeded", unknown=_UNKNOWN
        )
        self._is_open = is_open

    def unavailable(self, exchange: Exchange) -> Outcome:
        """The 503, or nothing if the quota is open then."""
        if not self._is_open:
            return super().unavailable(exchange)
        exchange.route.recorder.over_limit(self.item.name, "uncounted")
        return None
