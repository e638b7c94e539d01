"""How the TLS handshakes of a worker went."""

from collections import Counter


class HandshakeCounts:
    """done: by version and kind ("TLSv1.3 full", "TLSv1.3 resumed"). failures: by reason. Both sets are fixed."""

    __slots__ = ("done", "failures")

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()

    def completed(self, version: str, *, is_resumed: bool) -> None:
        """Both sides share keys."""
        self.done[f"{version} {'resumed' if is_resumed else 'full'}"] += 1

    def failed(self, reason: str) -> None:
        """They never will."""
        self.failures[reason] += 1
