"""A worker of the model of a node: its client, its connection, and what it has admitted and charged."""

from collections.abc import Callable
from typing import Any, NamedTuple

from hotgate.limits.lease_client import LeaseClient
from hotgate.limits.limit import Limit

Message = dict[str, Any]

KEYS = ("alice", "bob")


class Use(NamedTuple):
    """Tokens that a request took. started: when it came; admitted: when it got them."""

    started: float
    admitted: float
    tokens: int


class Worker:
    """A client, its process name, and the two directions of its connection."""

    def __init__(self, name: str, clock: Callable[[], float], max_keys: int) -> None:
        self.name = name
        self.to_authority: list[Message] = []
        self.to_worker: list[Message] = []
        self.client = LeaseClient(self.to_authority.append, clock, max_keys=max_keys)
        self.is_lost = False
        self.uses: dict[str, list[Use]] = {key: [] for key in KEYS}  # that may be refunded
        self.charges: dict[str, list[Use]] = {key: [] for key in KEYS}

    def is_owing(self, limit: Limit) -> bool:
        """Whether it may have something to tell that the authority does not know."""
        return self.is_lost or any(self.owed(limit, key) for key in KEYS)

    def owed(self, limit: Limit, key: str) -> int:
        """Tokens that were charged, not paid for by waiting, and of which the authority has still to hear."""
        lease = self.client.lease(limit.scope, key)
        return 0 if lease is None else lease.pending.debt + lease.pending.unpaid

    def refunded(self, limit: Limit, key: str) -> int:
        """Tokens that were given back and of which the authority has still to hear."""
        lease = self.client.lease(limit.scope, key)
        return 0 if lease is None else lease.pending.refunded
