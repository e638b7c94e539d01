"""How the TLS handshakes of a worker's listeners went."""

from collections import Counter
from typing import Any


class Handshakes:
    """done: by version and kind ("TLSv1.3 full", "TLSv1.3 resumed"). failed: by reason. certificates: what was learned
    about those of clients ("good", "revoked", "unknown"). All sets are fixed.
    """

    __slots__ = ("certificates", "done", "failed")

    def __init__(self) -> None:
        self.certificates: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()

    def complete(self, version: str, *, is_resumed: bool) -> None:
        """Both sides share keys."""
        self.done[f"{version} {'resumed' if is_resumed else 'full'}"] += 1

    def fail(self, reason: str) -> None:
        """They never will."""
        self.failed[reason] += 1

    def count_certificate(self, status: str) -> None:
        """A list or a responder was asked whether a client's certificate was revoked."""
        self.certificates[status] += 1

    def values(self) -> dict[str, Any]:
        """JSON types, for a report."""
        return {
            "handshakes": dict(self.done),
            "handshake_failures": dict(self.failed),
            "certificate_checks": dict(self.certificates),
        }
