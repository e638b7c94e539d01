"""What is counted about one route and about one upstream. Changed by one thread; plain numbers need no lock."""

from collections.abc import Iterable
from typing import Any

from hotgate.observe.histogram import Histogram
from hotgate.observe.label import OTHER, count_new, label

MAX_STATUSES = 32  # of one route; a backend may send any number from 100 to 999
MAX_CODES = 64  # of one route; the gateway has about 30, policies of the user add theirs
MAX_LIMITED = 64  # of one route, which has few at a time, but reloads may rename them
MAX_KINDS = 16  # of failures of one upstream


class RouteRecorder:
    """What happened to the requests of one route. `upstream` is "" for a route that answers by itself.

    reported: the `total` that the control process knows of. limited: by limit and outcome, as "burst refused".
    """

    __slots__ = (
        "duration",
        "limited",
        "refusals",
        "reported",
        "request_bytes",
        "response_bytes",
        "route",
        "statuses",
        "upstream",
    )

    def __init__(self, route: str, upstream: str = "") -> None:
        self.route = label(route)
        self.upstream = upstream
        self.statuses: dict[int, int] = {}
        self.duration = Histogram()
        self.request_bytes = 0
        self.response_bytes = 0
        self.refusals: dict[str, int] = {}
        self.limited: dict[str, int] = {}
        self.reported = 0

    def record(self, status: int, seconds: float, request_bytes: int, response_bytes: int) -> None:
        """Count one finished exchange: its status, its duration, and the body bytes each way."""
        try:
            self.statuses[status] += 1
        except KeyError:
            self._count_new_status(status)
        self.duration.observe(seconds)
        self.request_bytes += request_bytes
        self.response_bytes += response_bytes

    def refused(self, code: str) -> None:
        """Count an answer of the gateway itself by its problem code."""
        try:
            self.refusals[code] += 1
        except KeyError:
            count_new(self.refusals, code, MAX_CODES)

    def over_limit(self, limit: str, outcome: str) -> None:
        """Count a request that was over a limit: "refused", "dry-run" (it would have been) or "unavailable"."""
        name = f"{limit} {outcome}"
        if name not in self.limited and len(self.limited) >= MAX_LIMITED:
            name = f"{OTHER} {outcome}"
        self.limited[name] = self.limited.get(name, 0) + 1

    def total(self) -> int:
        """A number that grows with everything that is counted."""
        return sum(self.statuses.values()) + sum(self.refusals.values())

    def values(self) -> dict[str, Any]:
        """Everything counted so far, as JSON types."""
        return {
            "route": self.route,
            "statuses": {str(status or OTHER): count for status, count in self.statuses.items()},
            "refusals": dict(self.refusals),
            "limited": dict(self.limited),
            "request_bytes": self.request_bytes,
            "response_bytes": self.response_bytes,
            **self.duration.values(),
        }

    def _count_new_status(self, status: int) -> None:
        key = status if len(self.statuses) < MAX_STATUSES else 0
        self.statuses[key] = self.statuses.get(key, 0) + 1


class UpstreamRecorder:
    """What happened between the gateway and one upstream.

    connects, reuses: attempts on a new and on a pooled connection; the pool raises them. budget_exhausted: retries that
    were not made for want of budget. ejections: by target, which are as many as the configuration names.
    reported: as above.
    """

    __slots__ = (
        "budget_exhausted",
        "connects",
        "duration",
        "ejections",
        "failures",
        "reported",
        "retries",
        "reuses",
        "upstream",
    )

    def __init__(self, upstream: str) -> None:
        self.upstream = label(upstream)
        self.duration = Histogram()
        self.connects = 0
        self.reuses = 0
        self.ejections: dict[str, int] = {}
        self.failures: dict[str, int] = {}
        self.retries: dict[str, int] = {}
        self.budget_exhausted = 0
        self.reported = 0

    def attempt(self, seconds: float) -> None:
        """Count one attempt that got the head of an answer, and how long that took."""
        self.duration.observe(seconds)

    def failed(self, kind: str) -> None:
        """Count one attempt that got none: `connect`, `timeout`, `reset`, `protocol`, …"""
        try:
            self.failures[kind] += 1
        except KeyError:
            count_new(self.failures, kind, MAX_KINDS)

    def ejected(self, target: str) -> None:
        """Count a target that went out of service for its failures."""
        target = label(target)
        self.ejections[target] = self.ejections.get(target, 0) + 1

    def retain(self, targets: Iterable[str]) -> None:
        """Forget what was counted of targets that are not among these."""
        kept = set(map(label, targets))
        self.ejections = {target: count for target, count in self.ejections.items() if target in kept}

    def retried(self, reason: str) -> None:
        """Count one more attempt for the same request: after `connect`, `reset`, `timeout`, `stale` or a status."""
        self.retries[reason] = self.retries.get(reason, 0) + 1

    def total(self) -> int:
        """A number that grows with everything that is counted."""
        tries = self.connects + self.reuses + sum(self.failures.values()) + sum(self.duration.counts)
        return tries + sum(self.retries.values()) + sum(self.ejections.values()) + self.budget_exhausted

    def values(self) -> dict[str, Any]:
        """Everything counted so far, as JSON types."""
        return {
            "upstream": self.upstream,
            "connects": self.connects,
            "reuses": self.reuses,
            "failures": dict(self.failures),
            "ejections": dict(self.ejections),
            "retries": dict(self.retries),
            "budget_exhausted": self.budget_exhausted,
            **self.duration.values(),
        }
