"""All buckets of a node, bounded in number, without ever making an empty bucket full by forgetting it."""

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator

from hotgate.limits.bucket import Bucket
from hotgate.limits.leased_bucket import LeasedBucket
from hotgate.limits.limit import Limit

SCANNED = 32  # buckets looked at to find one that can go when the table is full
SWEPT = 2  # buckets looked at for each new one, so that full ones go before the table is full
SWEPT_LIMITS = 1024


class LimitState:
    """A limit, since when it is as it is, and its newcomers' bucket: the level at which a key starts that the table
    does not know.
    """

    __slots__ = ("buckets", "limit", "newcomer", "since")

    def __init__(self, limit: Limit, newcomer: Bucket, since: float) -> None:
        self.limit = limit
        self.since = since
        self.newcomer = newcomer
        self.buckets = 0


class BucketTable:
    """(scope, key) → bucket, at most `max_keys` of them.

    A full bucket is forgotten without loss. When none is full and a place is needed, the fullest of a few goes, and
    its level is remembered in its limit's newcomers' bucket: from then on no unknown key of the limit starts higher.
    So somebody who floods the table with keys lowers the start of strangers, himself included, and resets nobody. A
    bucket with tokens on lease never goes.

    reserve: capacity → tokens to keep free for workers out of reach. left: takes what a bucket had from elsewhere.
    """

    def __init__(
        self, max_keys: int, reserve: Callable[[float], float], left: Callable[[Limit, str, int, float], None]
    ) -> None:
        self._max_keys = max_keys
        self._reserve = reserve
        self._left = left
        self._buckets: OrderedDict[tuple[str, str], LeasedBucket] = OrderedDict()
        self._limits: dict[str, LimitState] = {}
        self._unknown_since: tuple[float, float] = (math.inf, 0.0)

    def __len__(self) -> int:
        return len(self._buckets)

    def __iter__(self) -> Iterator[LeasedBucket]:
        return iter(self._buckets.values())

    def items(self) -> Iterator[tuple[tuple[str, str], LeasedBucket]]:
        """Scope and key of each bucket, and the bucket as it was left."""
        return iter(self._buckets.items())

    def distrust(self, seconds: float, now: float) -> None:
        """Buckets unknown at `now` may have been empty `seconds` before; limits defined from here on heed it."""
        self._unknown_since = (seconds, now)

    def define(self, limit: Limit, now: float) -> None:
        """Add a limit, or change its rate; the same rate again changes nothing."""
        state = self._limits.get(limit.scope)
        if state is None:
            self._sweep_limits(now)
            self._limits[limit.scope] = LimitState(limit, self._newcomer(limit, now), now)
        elif not state.limit.is_like(limit):
            state.newcomer = state.newcomer.follow(limit, now)
            state.limit, state.since = limit, now

    def get(self, scope: str, key: str) -> LeasedBucket | None:
        """The bucket as it was left, or None."""
        return self._buckets.get((scope, key))

    def open(self, scope: str, key: str, now: float) -> LeasedBucket | None:
        """The bucket of a defined limit, refilled; a new one if need be; None when there is no place for it."""
        bucket = self._buckets.get((scope, key))
        state = self._limits[scope]
        if bucket is None:
            if not self._make_room(now):
                return None
            bucket = self._add(state, key, now)
        self._refill(key, bucket, now)
        return bucket

    def peek(self, limit: Limit, key: str, now: float) -> LeasedBucket:
        """How a bucket stands, or would if it were opened; nothing is added to the table."""
        bucket = self._buckets.get((limit.scope, key))
        if bucket is None:
            state = self._limits.get(limit.scope) or LimitState(limit, self._newcomer(limit, now), now)
            return self._fresh(state, now)
        self._refill(key, bucket, now)
        return bucket

    def limit(self, scope: str) -> Limit | None:
        """The limit whose buckets these are."""
        state = self._limits.get(scope)
        return None if state is None else state.limit

    def refill_all(self, now: float) -> None:
        """Bring everything up to `now`: needed before tokens on lease, or kept free, become fewer for all keys."""
        for (_, key), bucket in self._buckets.items():
            self._refill(key, bucket, now)
        for state in self._limits.values():
            state.newcomer.refill(now, reserved=self._reserve(state.limit.capacity))

    def used_unseen(self, most: Callable[[Limit], float]) -> None:
        """Of any key so many tokens, which were kept free, may have been used. Needs buckets up to now."""
        figures = {scope: most(state.limit) for scope, state in self._limits.items()}
        for scope, state in self._limits.items():
            state.newcomer.used_unseen(figures[scope])
        for leased in self._buckets.values():
            leased.bucket.used_unseen(figures[leased.scope])

    def restore(self, scope: str, key: str, now: float) -> LeasedBucket:
        """The bucket of a key that workers reported; it gets a place even if that makes the table too large."""
        self._make_room(now)
        bucket = self._buckets.get((scope, key))
        if bucket is None:
            return self._add(self._limits[scope], key, now)
        self._refill(key, bucket, now)
        return bucket

    def _add(self, state: LimitState, key: str, now: float) -> LeasedBucket:
        bucket = self._fresh(state, now)
        self._buckets[state.limit.scope, key] = bucket
        state.buckets += 1
        return bucket

    def _fresh(self, state: LimitState, now: float) -> LeasedBucket:
        limit = state.limit
        state.newcomer.refill(now, reserved=self._reserve(limit.capacity))
        return LeasedBucket(limit.scope, limit.bucket(limit, now, state.newcomer.level))

    def _refill(self, key: str, bucket: LeasedBucket, now: float) -> None:
        state = self._limits[bucket.scope]
        if bucket.bucket.limit is not state.limit:
            self._change(key, bucket, state)
        bucket.refill(now, self._reserve(state.limit.capacity))

    def _change(self, key: str, bucket: LeasedBucket, state: LimitState) -> None:
        """Let a bucket follow its limit, from the moment of the change on."""
        before = bucket.bucket.limit
        if not before.is_like(state.limit):
            bucket.refill(state.since, self._reserve(before.capacity))
            self._left(before, key, *bucket.bucket.unused())
            bucket.follow(state.limit, state.since)
        bucket.bucket.limit = state.limit

    def _make_room(self, now: float) -> bool:
        crowded = len(self._buckets) >= self._max_keys
        candidate: tuple[str, str] | None = None
        fullness = -math.inf
        for _ in range(min(SCANNED if crowded else SWEPT, len(self._buckets))):
            key, bucket = next(iter(self._buckets.items()))
            self._buckets.move_to_end(key)
            self._refill(key[1], bucket, now)
            if bucket.is_full():
                self._forget(key, now)
                return True
            if not bucket.leased and fullness < bucket.bucket.fullness():
                candidate, fullness = key, bucket.bucket.fullness()
        if crowded and candidate is not None:
            self._forget(candidate, now)
        return not crowded or candidate is not None

    def _forget(self, key: tuple[str, str], now: float) -> None:
        bucket = self._buckets.pop(key)
        self._left(bucket.bucket.limit, key[1], *bucket.bucket.unused())
        state = self._limits[bucket.scope]
        state.buckets -= 1
        state.newcomer.refill(now)
        state.newcomer.heed(bucket.bucket)

    def _newcomer(self, limit: Limit, now: float) -> Bucket:
        seconds, since = self._unknown_since
        newcomer = limit.bucket(limit, since, limit.bucket.refilled_in(limit, seconds))
        newcomer.refill(now)
        return newcomer

    def _sweep_limits(self, now: float) -> None:
        if len(self._limits) < SWEPT_LIMITS:
            return
        for scope, state in list(self._limits.items()):
            state.newcomer.refill(now)
            if state.buckets == 0 and state.newcomer.is_full():
                del self._limits[scope]
