"""How the TLS handshakes of a worker's listeners went."""

from collections import Counter
from typing import Any


class Handshakes:
    """done: by version and kind ("TLSv1.3 full", "TLSv1.3 resumed"). failed: by reason. Both sets are fixed."""

    __slots__ = ("done", "failed")

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()

    def complete(self, version: str, *, is_resumed: bool) -> None:
        """Both sides share keys."""
        self.done[f"{version} {'resumed' if is_resumed else 'full'}"] += 1

    def fail(self, reason: str) -> None:
        """They never will."""
        self.failed[reason] += 1

    def values(self) -> dict[str, Any]:
        """JSON types, for a report."""
        return {"handshakes": dict(self.done), "handshake_failures": dict(self.failed)}
