"""Which class the requests of a route have, and when that is known."""

from collections.abc import Callable
from dataclasses import dataclass

from hotgate.limits.concurrency.priority import Priority
from hotgate.pipeline.exchange import Exchange


@dataclass(frozen=True, slots=True)
class RoutePriority:
    """best: the class of a request before its caller is known, the best that the caller may turn out to have.

    of: the class once the caller is known; None if it is `best`, whoever calls. Asked for when places are few, not for
    each request.
    """

    best: Priority = Priority.NORMAL
    of: Callable[[Exchange], Priority] | None = None

    def known(self, exchange: Exchange) -> Priority:
        """The class of a request whose caller is known."""
        return self.best if self.of is None else self.of(exchange)
