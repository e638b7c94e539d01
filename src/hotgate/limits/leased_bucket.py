"""A bucket and the tokens of it that workers hold."""

from hotgate.limits.bucket import Bucket
from hotgate.limits.limit import Limit


class LeasedBucket:
    """Keeps `level + tokens on lease <= capacity`, so that no window can see more than the limit allows.

    leased: workers, and the tokens that each may still hold. A worker that holds none is not there. Pairs, because most
    keys have one at most: a dictionary takes twice the memory.
    """

    __slots__ = ("bucket", "key", "leased")

    def __init__(self, key: str, bucket: Bucket) -> None:
        self.key = key
        self.bucket = bucket
        self.leased: tuple[tuple[str, int], ...] = ()

    @property
    def scope(self) -> str:
        """Of its limit."""
        return self.bucket.limit.scope

    @property
    def on_lease(self) -> int:
        """Tokens that all workers together may still spend."""
        tokens = 0
        for _, held in self.leased:
            tokens += held
        return tokens

    def held_by(self, worker: str) -> int:
        """Tokens that the worker may still spend."""
        for name, held in self.leased:
            if name == worker:
                return held
        return 0

    def refill(self, now: float, reserved: float = 0.0) -> None:
        """Bring the level up to `now`; `reserved` tokens more than those on lease are kept free."""
        self.bucket.refill(now, self.on_lease, reserved)

    def settle(self, worker: str, held: int, returned: int = 0) -> None:
        """What the worker still holds, and returns of the rest; what remains was spent.

        It can only be less than it was given: a larger figure is not believed.
        """
        before = self.held_by(worker)
        if not before:
            return
        held = min(held, before)
        returned = max(0, min(returned, before - held))
        self.assign(worker, held)
        if returned:
            self.bucket.returned(returned)
        if before > held + returned:
            self.bucket.spent(before - held - returned)

    def assign(self, worker: str, held: int) -> None:
        """The worker holds so many, wherever they are from."""
        others = tuple([pair for pair in self.leased if pair[0] != worker])
        self.leased = (*others, (worker, held)) if held > 0 else others

    def lend(self, worker: str, tokens: int) -> None:
        """Move whole tokens from the level to a worker. Raises ValueError if they are not there."""
        if not self.bucket.take(tokens):
            raise ValueError("cannot lend more tokens than the bucket holds")
        if tokens:
            self.assign(worker, self.held_by(worker) + tokens)

    def follow(self, limit: Limit, now: float) -> None:
        """The limit has changed. A token that is out on other terms may mean something else now: it counts as spent,
        and what comes back of it is void.
        """
        for worker, _ in self.leased:
            self.settle(worker, 0)
        self.bucket = self.bucket.follow(limit, now)

    def is_full(self) -> bool:
        """Whether forgetting this bucket forgets nothing."""
        return not self.leased and self.bucket.is_full()
