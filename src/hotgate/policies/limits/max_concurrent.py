"""`max_concurrent: 100`: how many requests of a route may be on their way at once, with each worker."""

from hotgate.http.response import Response
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import PhasedStep
from hotgate.pipeline.route import Outcome


class Concurrency:
    """The exchanges under way. It asks after authentication, so that strangers cannot take the places of callers."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._active: set[Exchange] = set()

    def enter(self, exchange: Exchange) -> Outcome:
        """A place, or 503."""
        if len(self._active) >= self._most:
            return Response.problem(
                503,
                code="route-busy",
                detail="Too many requests of this kind are on their way.",
                headers={"retry-after": "1"},
            )
        self._active.add(exchange)
        return None

    def leave(self, exchange: Exchange) -> None:
        """The answer is out, whichever it was; an exchange that never had a place has none to give back."""
        self._active.discard(exchange)


def concurrency_steps(most: int) -> list[PhasedStep]:
    """The two steps of a route."""
    concurrency = Concurrency(most)
    return [PhasedStep(Phase.LIMIT, concurrency.enter), PhasedStep(Phase.FINISH, concurrency.leave)]
