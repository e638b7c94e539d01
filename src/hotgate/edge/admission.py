"""Whether a new connection is served: how many there are, how many of one address, how many descriptors are left."""

import sys
from collections import Counter
from typing import Literal

from hotgate.limits.address_key import address_key
from hotgate.observe.log import security_event

Reason = Literal["too-many", "per-address", "descriptors", "overloaded"]
_MAX_LINGERING = 256  # refused connections that may stay until their client has read why
_REPORT_EVERY = 1.0  # seconds


class Admission:
    """One per worker. highest_descriptor: above it a client is refused, so that the rest is left for backends.

    The kernel gives the lowest free number, so a descriptor's number says how many are in use. refused: connections
    turned away so far, by reason. lingering: those of them that are still open. is_closed: nobody is served.
    """

    __slots__ = ("_by_address", "_next_report", "_reported", "highest_descriptor", "is_closed", "lingering", "refused")

    def __init__(self, highest_descriptor: int = sys.maxsize) -> None:
        self.highest_descriptor = highest_descriptor
        self.is_closed = False
        self.refused: dict[str, int] = {"too-many": 0, "per-address": 0, "descriptors": 0, "overloaded": 0}
        self.lingering = 0
        self._by_address: Counter[str] = Counter()
        self._reported = dict(self.refused)
        self._next_report = 0.0

    def enter(self, peer: str, most: int) -> str | None:
        """Count a connection of an address; returns the key to `leave` with, or None if that has `most` already."""
        key = address_key(peer)
        if self._by_address[key] >= most:
            return None
        self._by_address[key] += 1
        return key

    def leave(self, key: str) -> None:
        """The connection is gone."""
        self._by_address[key] -= 1
        if not self._by_address[key]:
            del self._by_address[key]

    def refuse(self, reason: Reason) -> Reason:
        """Count a connection that is turned away."""
        self.refused[reason] += 1
        return reason

    def may_linger(self, reason: Reason) -> bool:
        """Whether there is room for a refused connection until its client has read the answer."""
        return reason != "descriptors" and self.lingering < _MAX_LINGERING

    def report(self, now: float) -> None:
        """Tell operators, at most once per second, how many were refused since the last time."""
        if now < self._next_report or self.refused == self._reported:
            return
        since = {reason: count - self._reported[reason] for reason, count in self.refused.items()}
        security_event("connections-refused", **{reason: count for reason, count in since.items() if count})
        self._reported = dict(self.refused)
        self._next_report = now + _REPORT_EVERY
