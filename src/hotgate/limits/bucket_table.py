"""All buckets of a node, bounded in number, without ever making an empty bucket full by forgetting it."""

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from itertools import chain

from hotgate.limits.absence import Absence
from hotgate.limits.bucket import Bucket
from hotgate.limits.leased_bucket import LeasedBucket
from hotgate.limits.limit import Limit

SCANNED = 32  # buckets looked at to find one that can go when the table is full
SWEPT = 1000  # buckets looked at in each `tidy`, or a sixtieth if there are more
SWEPT_LIMITS = 1024  # when there are so many, or twice as many as the last time, those are forgotten that say nothing
ABSENCES = 64  # of workers, that are remembered one by one


class LimitState:
    """A limit, since when it is as it is, its buckets by key, and its newcomers' bucket: the level at which a key
    starts that the table does not know.
    """

    __slots__ = ("buckets", "limit", "newcomer", "since")

    def __init__(self, limit: Limit, newcomer: Bucket, since: float) -> None:
        self.limit = limit
        self.since = since
        self.newcomer = newcomer
        self.buckets: dict[str, LeasedBucket] = {}


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
        self._limits: dict[str, LimitState] = {}
        self._size = 0
        self._swept_at = SWEPT_LIMITS
        self._round: list[LeasedBucket] = []
        self._unknown_since: tuple[float, float] = (math.inf, 0.0)
        self._absences: deque[tuple[float, Absence]] = deque()

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[LeasedBucket]:
        return chain.from_iterable(state.buckets.values() for state in self._limits.values())

    def distrust(self, seconds: float, now: float) -> None:
        """Buckets unknown at `now` may have been empty `seconds` before; limits defined from here on heed it."""
        self._unknown_since = (seconds, now)
        self._absences.clear()

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
        state = self._limits.get(scope)
        return None if state is None else state.buckets.get(key)

    def open(self, scope: str, key: str, now: float) -> LeasedBucket | None:
        """The bucket of a defined limit, refilled; a new one if need be; None when there is no place for it."""
        state = self._limits[scope]
        bucket = state.buckets.get(key)
        if bucket is None:
            return self._add(state, key, now) if self._make_room(now) else None
        self._refill(state, bucket, now)
        return bucket

    def peek(self, limit: Limit, key: str, now: float) -> LeasedBucket:
        """How a bucket stands, or would if it were opened; nothing is added to the table."""
        state = self._limits.get(limit.scope) or LimitState(limit, self._newcomer(limit, now), now)
        bucket = state.buckets.get(key)
        if bucket is None:
            return self._fresh(state, key, now)
        self._refill(state, bucket, now)
        return bucket

    def limit(self, scope: str) -> Limit | None:
        """The limit whose buckets these are."""
        state = self._limits.get(scope)
        return None if state is None else state.limit

    def refill_all(self, now: float) -> None:
        """Bring everything up to `now`: needed before tokens that are kept free become fewer for all keys."""
        for state in self._limits.values():
            for bucket in state.buckets.values():
                self._refill(state, bucket, now)
            state.newcomer.refill(now, reserved=self._reserve(state.limit.capacity))

    def settle(self, worker: str, held: Mapping[tuple[str, str], int], now: float) -> None:
        """The worker holds so many by scope and key, and of others none. Only buckets of which it has some are touched:
        most workers give everything back before they end.
        """
        for state in self._limits.values():
            for leased in state.buckets.values():
                if leased.held_by(worker):
                    self._refill(state, leased, now)  # nothing flows in behind what was out until now
                    leased.settle(worker, held.get((leased.scope, leased.key), 0))

    def used_unseen(self, absence: Absence, now: float) -> None:
        """Of any key the absent worker may have used as much, beyond what is kept free for it until now."""
        self.refill_all(now)
        for state in self._limits.values():
            tokens = absence.used(state.limit)
            state.newcomer.used_unseen(tokens)
            for leased in state.buckets.values():
                leased.bucket.used_unseen(tokens)

    def remember(self, absence: Absence, now: float) -> None:
        """The same of limits that are not known here yet."""
        if len(self._absences) == ABSENCES:
            self._unknown_since = (0.0, self._absences.popleft()[0])
        self._absences.append((now, absence))

    def restore(self, scope: str, key: str, now: float) -> LeasedBucket:
        """The bucket of a key that workers reported; it gets a place even if that makes the table too large."""
        self._make_room(now)
        state = self._limits[scope]
        bucket = state.buckets.get(key)
        if bucket is None:
            return self._add(state, key, now)
        self._refill(state, bucket, now)
        return bucket

    def tidy(self, now: float) -> None:
        """Call now and then: forgets those of the next buckets that are full."""
        for state, bucket in self._next(min(self._size, max(SWEPT, self._size // 60))):
            self._refill(state, bucket, now)
            if bucket.is_full():
                self._forget(state, bucket, now)

    def _add(self, state: LimitState, key: str, now: float) -> LeasedBucket:
        bucket = state.buckets[key] = self._fresh(state, key, now)
        self._size += 1
        return bucket

    def _fresh(self, state: LimitState, key: str, now: float) -> LeasedBucket:
        limit, reserved = state.limit, self._reserve(state.limit.capacity)
        state.newcomer.refill(now, reserved=reserved)
        bucket = LeasedBucket(key, limit.bucket(limit, now, state.newcomer.level))
        bucket.refill(now, reserved)
        return bucket

    def _refill(self, state: LimitState, bucket: LeasedBucket, now: float) -> None:
        if bucket.bucket.limit is not state.limit:
            self._change(bucket, state)
        bucket.refill(now, self._reserve(state.limit.capacity))

    def _change(self, bucket: LeasedBucket, state: LimitState) -> None:
        """Let a bucket follow its limit, from the moment of the change on."""
        before = bucket.bucket.limit
        if not before.is_like(state.limit):
            bucket.refill(state.since, self._reserve(before.capacity))
            self._left(before, bucket.key, *bucket.bucket.unused())
            bucket.follow(state.limit, state.since)
        bucket.bucket.limit = state.limit

    def _next(self, count: int) -> Iterator[tuple[LimitState, LeasedBucket]]:
        """The next of this round, or the first of another one, oldest first. Some may have gone since it began."""
        for _ in range(count):
            if not self._round:
                self._round = list(self)
                self._round.reverse()
            bucket = self._round.pop()
            state = self._limits.get(bucket.scope)
            if state is not None and state.buckets.get(bucket.key) is bucket:
                yield state, bucket

    def _make_room(self, now: float) -> bool:
        if self._size < self._max_keys:
            return True
        candidate: tuple[LimitState, LeasedBucket] | None = None
        fullness = -math.inf
        for state, bucket in self._next(min(SCANNED, self._size)):
            self._refill(state, bucket, now)
            if bucket.is_full():
                candidate = state, bucket
                break
            if not bucket.leased and fullness < bucket.bucket.fullness():
                candidate, fullness = (state, bucket), bucket.bucket.fullness()
        if candidate is not None:
            self._forget(*candidate, now)
        return candidate is not None

    def _forget(self, state: LimitState, bucket: LeasedBucket, now: float) -> None:
        del state.buckets[bucket.key]
        self._size -= 1
        self._left(bucket.bucket.limit, bucket.key, *bucket.bucket.unused())
        state.newcomer.refill(now)
        state.newcomer.heed(bucket.bucket)

    def _newcomer(self, limit: Limit, now: float) -> Bucket:
        seconds, since = self._unknown_since
        newcomer = limit.bucket(limit, since, limit.bucket.refilled_in(limit, seconds))
        for time, absence in self._absences:
            newcomer.refill(time)
            newcomer.charged(math.ceil(absence.used(limit)))
        newcomer.refill(now)
        return newcomer

    def _sweep_limits(self, now: float) -> None:
        if len(self._limits) < self._swept_at:
            return
        for scope, state in list(self._limits.items()):
            state.newcomer.refill(now)
            if not state.buckets and state.newcomer.is_full():
                del self._limits[scope]
        self._swept_at = max(SWEPT_LIMITS, 2 * len(self._limits))
