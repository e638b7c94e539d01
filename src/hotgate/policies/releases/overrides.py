"""What has changed in releases since the file was read: by operators, or because an upstream failed.

The control process decides and tells every worker (`runtime/desks/release_desk.py`). A worker keeps it, for
configurations that come into force later and for when the control process is gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Override:
    """shares: instead of those under `to`; what it does not name keeps the file's. closed: upstreams that get nothing
    at all, not even by a rule.
    """

    shares: Mapping[str, float] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> "Override":
        """Raises KeyError, TypeError or ValueError."""
        shares = {str(name): float(share) for name, share in dict(message["shares"]).items()}
        if not all(0 <= share <= 1 for share in shares.values()):
            raise ValueError("a share is from 0 to 1")  # and a number: NaN is not
        return cls(shares, frozenset(map(str, message["closed"])))

    @property
    def message(self) -> dict[str, Any]:
        """As JSON types."""
        return {"shares": dict(self.shares), "closed": sorted(self.closed)}

    def share_of(self, upstream: str, of_file: float) -> float:
        """The share in force."""
        return 0.0 if upstream in self.closed else self.shares.get(upstream, of_file)


NOTHING = Override()


class ReleaseOverrides:
    """A worker's. by_route: what is in force; looked up with each request of a route that has a release."""

    def __init__(self) -> None:
        self.by_route: dict[str, Override] = {}

    def hear(self, message: Mapping[str, Any]) -> None:
        """A `releases` message: all there is. Raises KeyError, TypeError or ValueError."""
        routes = dict(message["routes"])
        self.by_route = {str(route): Override.from_message(each) for route, each in routes.items()}
