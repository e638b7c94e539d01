"""A bucket and the tokens of it that workers hold."""

from hotgate.limits.bucket import TokenBucket


class LeasedBucket:
    """Keeps `level + tokens on lease <= capacity`, so that no window can see more than a burst plus its refill.

    leased: worker → tokens that it may still hold. A worker that holds none has no entry.
    """

    __slots__ = ("bucket", "leased", "scope")

    def __init__(self, scope: str, bucket: TokenBucket) -> None:
        self.scope = scope
        self.bucket = bucket
        self.leased: dict[str, int] = {}

    @property
    def on_lease(self) -> int:
        """Tokens that all workers together may still spend."""
        return sum(self.leased.values())

    def refill(self, now: float, reserved: float = 0.0) -> None:
        """Bring the level up to `now`; `reserved` tokens more than those on lease are kept free."""
        self.bucket.refill(now, self.on_lease + reserved)

    def settle(self, worker: str, held: int) -> None:
        """What the worker still holds. It can only be less than it was given: a larger figure is not believed."""
        held = min(held, self.leased.get(worker, 0))
        if held > 0:
            self.leased[worker] = held
        else:
            self.leased.pop(worker, None)

    def lend(self, worker: str, tokens: int) -> None:
        """Move whole tokens from the level to a worker. Raises ValueError if they are not there."""
        if not self.bucket.take(tokens):
            raise ValueError("cannot lend more tokens than the bucket holds")
        if tokens:
            self.leased[worker] = self.leased.get(worker, 0) + tokens

    def is_full(self) -> bool:
        """Whether forgetting this bucket forgets nothing."""
        return not self.leased and self.bucket.level >= self.bucket.capacity
