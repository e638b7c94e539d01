"""How callers failed to prove who they are."""

from typing import Any

from hotgate.observe.label import count_new

MAX_KINDS = 1024  # pairs of an entry of `authenticate` and a code; the configuration and the gateway name both


class LoginFailures:
    """failed: by entry and code, as "corp token-expired". delayed: answers that were given late."""

    __slots__ = ("delayed", "failed")

    def __init__(self) -> None:
        self.failed: dict[str, int] = {}
        self.delayed = 0

    def count(self, entry: str, code: str) -> None:
        """One refusal."""
        count_new(self.failed, f"{entry} {code}", MAX_KINDS)

    def values(self) -> dict[str, Any]:
        """JSON types, for a report."""
        return {"authentication_failures": dict(self.failed), "authentication_delayed": self.delayed}
