"""What is counted about one side of a release: of a route, the requests that one of its upstreams has answered."""

from typing import Any

from hotgate.observe.histogram import Histogram


class SideRecorder:
    """errors: answers that say the backend or the gateway has failed (5xx). fallbacks: requests that the route's own
    upstream got in its place, because no target of this one was in service. reported: the `total` that the control
    process knows of.
    """

    __slots__ = ("duration", "errors", "fallbacks", "name", "reported")

    def __init__(self, route: str, upstream: str) -> None:
        self.name = side_name(route, upstream)
        self.duration = Histogram()
        self.errors = 0
        self.fallbacks = 0
        self.reported = 0

    def answered(self, status: int, seconds: float) -> None:
        """Count one request. seconds: from the choice of this side to the head of the answer."""
        self.duration.observe(seconds)
        if status >= 500:
            self.errors += 1

    def total(self) -> int:
        """A number that grows with everything that is counted."""
        return sum(self.duration.counts) + self.fallbacks

    def values(self) -> dict[str, Any]:
        """Everything counted so far, as JSON types."""
        return {"side": self.name, "errors": self.errors, "fallbacks": self.fallbacks, **self.duration.values()}


def side_name(route: str, upstream: str) -> str:
    """Names of the file have no "/" in them."""
    return f"{route}/{upstream}"
