"""Consistent hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam: a paper of 2016 with that title).

Each target owns points on a ring, in number by its weight; a key belongs to the next point. Where the points of a
target are depends on its name alone, so every worker and every gateway agrees. How many there are depends on the
largest weight: a target that comes or goes, or starts slowly, moves only its own share unless it alone has that.
"""

from bisect import bisect
from collections.abc import Sequence
from hashlib import blake2b
from math import ceil
from struct import Struct
from typing import TYPE_CHECKING

from hotgate.upstream.balance import Balancer, Choose, round_robin
from hotgate.upstream.hash_key import Key
from hotgate.upstream.target import Target

if TYPE_CHECKING:
    from hotgate.pipeline.exchange import Exchange

_POINTS = 160  # of the heaviest target, as in libketama: shares are within some 10 % of fair
_MOST_POINTS = 16 * 1024  # of all targets: a ring is made on the event loop, in less than a hundredth of a second
_POINTS_PER_HASH = 8
_EIGHT_NUMBERS = Struct(">8Q")  # in a digest of 64 bytes


def consistent_hash(key: Key, balance_factor: int) -> Balancer:
    """The balancer. key: what a request is hashed by; without one it goes round robin.

    balance_factor: percent of its fair share of the exchanges under way that a target may reach. What the owner of a
    key may not take goes to the next target on the ring, always the same one for the same key.
    """

    def balancer(targets: Sequence[Target]) -> Choose:
        turn = round_robin(targets)
        if len(targets) == 1:
            return turn
        ring = HashRing(targets, balance_factor)

        def choose(exchange: "Exchange | None") -> Target:
            hashed = None if exchange is None else key(exchange)
            return turn(None) if hashed is None else ring.find(hashed)

        return choose

    return balancer


class HashRing:
    """The points of some targets. `find` costs one hash and one binary search while the key's owner is not busy."""

    def __init__(self, targets: Sequence[Target], balance_factor: int) -> None:
        self._targets = tuple(targets)
        self._factor = balance_factor / 100
        self._weight = sum(target.weight for target in targets)
        points_per_weight = min(_POINTS, _MOST_POINTS // len(targets)) / max(target.weight for target in targets)
        ring: dict[int, Target] = {}
        for target in sorted(targets, key=lambda each: each.name):  # equal points, if ever: the same owner everywhere
            for point in _points(target.name, max(1, round(points_per_weight * target.weight))):
                ring.setdefault(point, target)
        self._points = sorted(ring)
        self._owners = [ring[point] for point in self._points]

    def find(self, key: bytes) -> Target:
        """The target for a key."""
        owners = self._owners
        start = bisect(self._points, int.from_bytes(blake2b(key, digest_size=8).digest())) % len(owners)
        owner = owners[start]
        return owner if not owner.active else self._within_bounds(start)

    def _within_bounds(self, start: int) -> Target:
        """The first target from there on that may take one more. There is one: not all can be above average."""
        owners = self._owners
        allowed = self._factor * (1 + sum(target.active for target in self._targets)) / self._weight
        seen: set[Target] = set()
        for index in range(start, start + len(owners)):
            target = owners[index % len(owners)]
            if target not in seen:
                if target.active < ceil(allowed * target.weight):
                    return target
                seen.add(target)
        return owners[start]


def _points(name: str, count: int) -> list[int]:
    points: list[int] = []
    for index in range(0, count, _POINTS_PER_HASH):
        points += _EIGHT_NUMBERS.unpack(blake2b(b"%b\0%d" % (name.encode(), index)).digest())
    return points[:count]
