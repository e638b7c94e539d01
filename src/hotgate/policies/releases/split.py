"""Which side a key is on: by weights, and the same in every worker and on every node, with nothing remembered.

Weighted rendezvous hashing (Thaler and Ravishankar, 1998; weights: Mosko, 2015): each side draws a number for the key,
and the smallest wins. When the share of a side grows, keys move to it from the others, and none moves between those.
"""

from collections.abc import Sequence
from hashlib import blake2b
from math import log
from secrets import token_bytes
from typing import Generic, Protocol, TypeVar

from hotgate.http.bounded_cache import BoundedCache


class Named(Protocol):
    """name: of the upstream. The draw depends on nothing else, so all routes to the same ones agree about a key."""

    @property
    def name(self) -> str: ...


S = TypeVar("S", bound=Named)

_LARGEST = float(2**64)
_MAX_KNOWN = 8192  # keys whose draw is not made anew


class Split(Generic[S]):
    """sides: with their shares, of which not all are 0."""

    __slots__ = ("_known", "_only", "_weighted")

    def __init__(self, sides: Sequence[tuple[S, float]]) -> None:
        self._weighted = [(side, share, side.name.encode("ascii")) for side, share in sides if share > 0]
        self._only: S | None = self._weighted[0][0] if len(self._weighted) == 1 else None
        self._known = BoundedCache(self._drawn, max_entries=_MAX_KNOWN, max_key_bytes=256)

    @property
    def only(self) -> S | None:
        """The side that has everything, if there is one."""
        return self._only

    def choose(self, key: bytes | None) -> S:
        """The side of a key; None: one at random, by weight."""
        if self._only is not None:
            return self._only
        return self._drawn(token_bytes(8)) if key is None else self._known[key]

    def _drawn(self, key: bytes) -> S:
        return min(self._weighted, key=lambda each: _draw(key, each[1], each[2]))[0]


def _draw(key: bytes, share: float, salt: bytes) -> float:
    """Exponentially distributed with the rate `share`: the smallest of several is each one's as often as its share."""
    digest = int.from_bytes(blake2b(key, digest_size=8, key=salt).digest(), "big")
    return -log((digest + 1) / _LARGEST) / share
