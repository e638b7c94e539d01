"""How important a request is, when not all can be served. The classes are few and fixed, as those of Kubernetes' API.

Nothing here comes from a request: a route's class is in the file, a caller's follows from what was proved.
"""

from enum import IntEnum


class Priority(IntEnum):
    """From the last that is given up to the first. CRITICAL is never shed: it is for health checks and the like."""

    CRITICAL = 0
    HIGH = 1
    NORMAL = 2
    LOW = 3

    @property
    def label(self) -> str:
        """As in the file and in metrics."""
        return self.name.lower()


def priority_of(name: str) -> Priority:
    """The class that the file calls so."""
    return Priority[name.upper()]
