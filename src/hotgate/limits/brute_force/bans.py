"""Who is turned away without a look at what they send, and until when."""

from collections.abc import Iterator, Mapping

from hotgate.config.brute_force import BruteForce
from hotgate.http.forwarded import TrustedProxies

MAX_BANS = 10_000


class Bans(dict[str, float]):
    """By key (`address_key`), the end of each ban in monotonic seconds. Empty, and so false, in quiet times.

    Bounded: beyond MAX_BANS the oldest ends early.
    """

    def impose(self, key: str, until: float) -> bool:
        """Ban until then. Returns whether that is new."""
        is_new = key not in self
        if is_new and len(self) >= MAX_BANS:
            del self[next(iter(self))]
        self[key] = max(until, self.get(key, until))
        return is_new

    def expire(self, now: float) -> None:
        """End those whose time has come."""
        for key in [key for key, until in self.items() if until <= now]:
            del self[key]

    def follow(self, settings: BruteForce) -> None:
        """End those that the settings in force would not have."""
        exempt = TrustedProxies(settings.exempt)
        for key in [key for key in self if not settings.enabled or exempt.trusts(first_address(key))]:
            del self[key]

    def remaining(self, now: float) -> dict[str, float]:
        """Seconds that are left of each."""
        return {key: until - now for key, until in self.items() if until > now}


def shown_network(key: str) -> str:
    """The address or network that a key of `address_key` stands for, as operators write it."""
    address = first_address(key)
    return f"{address}/64" if ":" in address else address


def first_address(key: str) -> str:
    """The address that a key of `address_key` stands for, or the first one of its network."""
    return key.partition("\0")[2]


def chunks(bans: Mapping[str, float], most: int = 1000) -> Iterator[dict[str, float]]:
    """The same in messages of bounded size."""
    entries = list(bans.items())
    for start in range(0, len(entries), most):
        yield dict(entries[start : start + most])
