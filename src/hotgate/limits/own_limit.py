"""A limit that a caller has of its own, whatever route it uses, besides the limits of routes."""

from functools import lru_cache

from hotgate.config.units import Rate
from hotgate.limits.limit import Limit


@lru_cache(maxsize=1024)
def own_limit(rate: Rate) -> Limit:
    """The limit of all callers that have this rate: one object, one scope, and a bucket for each of them."""
    return Limit(f"own/{rate}", name="own", quota=rate.count, window=rate.window)
