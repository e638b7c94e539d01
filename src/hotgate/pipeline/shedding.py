"""Which requests are given up when a worker has too much to do: the least important first, and by chance.

Chance, because it needs no memory of anybody, treats callers alike, and cannot be predicted by who would like to pass.
"""

import random
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from hotgate.http.response import Response
from hotgate.limits.concurrency.priority import Priority
from hotgate.pipeline.decision import Decision
from hotgate.pipeline.exchange import Exchange

# The span of the pressure over which each class is given up, one after the other. CRITICAL never is.
_SPANS: Final = {Priority.LOW: (0.0, 1 / 3), Priority.NORMAL: (1 / 3, 2 / 3), Priority.HIGH: (2 / 3, 1.0)}


class Shedding:
    """is_active: whether anybody is refused at the moment. cause: of it, a key of `overload`. chances: of a request to
    be refused, from 0 to 1, by class. shed: how many were, by the class's name.
    """

    __slots__ = ("_answers", "_chance", "cause", "chances", "is_active", "shed")

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self.chances = dict.fromkeys(Priority, 0.0)
        self.cause = ""
        self._answers: tuple[Response, ...] = ()
        self.is_active = False
        self.shed = dict.fromkeys((each.label for each in _SPANS), 0)

    def follow(self, level: float, cause: str, retry_after: int) -> None:
        """How high the pressure is now, from 0 to 1, and what makes it: a key of `overload`. retry_after: seconds."""
        self.chances = {priority: _chance_of(priority, level) for priority in Priority}
        self.is_active = level > 0.0
        self.cause = cause
        self._answers = shed_answers(cause, retry_after)

    def before_caller_is_known(self, exchange: Exchange) -> Response | None:
        """Refuse a request, or let it pass for now: nothing that costs much has been done for it."""
        best = exchange.route.priority.best
        return self._refusal(exchange, best) if self._chance() < self.chances[best] else None

    def once_caller_is_known(self, exchange: Exchange) -> Response | None:
        """The same for a caller whose class may be another one than `best`, by which the request has passed."""
        if not self.is_active:
            return None
        route = exchange.route.priority
        priority = route.known(exchange)
        passed = 1.0 - self.chances[route.best]
        chance = (self.chances[priority] - self.chances[route.best]) / passed if passed else 0.0
        return self._refusal(exchange, priority) if self._chance() < chance else None

    def _refusal(self, exchange: Exchange, priority: Priority) -> Response:
        self.shed[priority.label] += 1
        exchange.decision = shed_decision(self.cause, priority)
        return self._answers[int(self._chance() * len(self._answers))]


def _chance_of(priority: Priority, level: float) -> float:
    """A request's chance to be refused."""
    if priority not in _SPANS:
        return 0.0
    start, end = _SPANS[priority]
    return max(0.0, min(1.0, (level - start) / (end - start)))


@lru_cache(maxsize=64)
def shed_decision(cause: str, priority: Priority) -> Decision:
    """What names the cause of a refusal."""
    reason = f"the worker has too much to do, and gives up {priority.label} requests"
    return Decision("overload", cause, ("overload", cause), False, reason)


@lru_cache(maxsize=16)
def shed_answers(cause: str, retry_after: int) -> tuple[Response, ...]:
    """To wait for so many seconds at most: not all of them come again at once."""
    return tuple(
        Response.problem(
            503,
            code="overloaded",
            detail="The gateway has too much to do. Try again later.",
            headers={"retry-after": str(seconds)},
            log_detail=f"pressure of {cause}",
        )
        for seconds in range(1, retry_after + 1)
    )
