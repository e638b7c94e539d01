"""How long to wait before trying again: exponential, bounded, and forgotten after a healthy spell."""

from dataclasses import dataclass

_LARGEST_EXPONENT = 32  # far above any ceiling; 2.0 ** 2000 would raise OverflowError


@dataclass(slots=True)
class Backoff:
    """Delays in seconds: nothing after the first failure, then `first`, doubled each time up to `ceiling`.

    healthy_after: an attempt that lived so many seconds was healthy, and the failures before it are forgotten.
    """

    first: float = 0.1
    ceiling: float = 10.0
    healthy_after: float = 10.0
    failures: int = 0

    def delay_after(self, lifetime: float) -> float:
        """The wait before the next attempt, when the last one lived `lifetime` seconds."""
        if lifetime >= self.healthy_after:
            self.failures = 0
        self.failures += 1
        if self.failures == 1:
            return 0.0
        return min(self.ceiling, self.first * 2.0 ** min(self.failures - 2, _LARGEST_EXPONENT))
