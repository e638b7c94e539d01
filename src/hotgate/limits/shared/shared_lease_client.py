"""A worker's side of limits that nodes share: what it is lent has an end, and alone it waits before it serves."""

import math
from typing import Any

from hotgate.limits.decision import LimitDecision, allowed
from hotgate.limits.lease import Lease
from hotgate.limits.lease_client import IDLE, LeaseClient
from hotgate.limits.limit import Limit
from hotgate.limits.shared.terms import LEASE
from hotgate.limits.token_bucket import TokenBucket

Message = dict[str, Any]


class SharedLeaseClient(LeaseClient):
    """A LeaseClient that looks at the clock before it spends. It costs a look-up and a clock more for each request."""

    MAX_KEYS = 10_000
    _patience = 0.0
    _is_unlimited = False

    def take(self, limit: Limit, key: str, cost: int) -> int | None:
        """As there."""
        lease = self._leases.get(limit.scope, key)
        if lease is not None:
            lease.expire(self._clock())
        return super().take(limit, key, cost)

    def on_message(self, message: Message) -> None:
        """As there; the store may also be lost or found."""
        if "patience" in message:
            self._patience = float(message["patience"])
            self._is_unlimited = message["unlimited"] is True
        else:  # of the authority over quotas, which knows nothing of other nodes
            message = {**message, "share": self._share}
        super().on_message(message)

    def tick(self, now: float) -> None:
        """As there; what is in use is renewed in time."""
        for lease in [lease for lease in self._pressing if lease in self._leases]:
            lease.expire(now)
            is_in_use = now - lease.used_at < IDLE and not lease.pending.in_flight
            if self._is_connected and is_in_use and lease.pending.until - now < LEASE / 2:
                self._ask(lease)
        super().tick(now)

    def authority_lost(self) -> None:
        """As there, but nothing accrues until the store has surely noticed."""
        was_connected = self._is_connected
        super().authority_lost()
        if was_connected:
            self._alone_since = self._clock() + self._patience

    def _longest_idle(self, limit: Limit) -> float:
        return IDLE  # each lease that is kept is renewed, and counted by other nodes

    def _granted(self, lease: Lease, message: Message) -> None:
        now, until = self._clock(), float(message.get("until", math.inf))
        lease.expire(now)
        if message.get("void", False):
            lease.void()
        if message["granted"] and now >= until:
            message = {**message, "granted": 0, "must_wait": True}
        elif not message["must_wait"]:
            lease.pending.until = until
        super()._granted(lease, message)

    def _spend_without(self, lease: Lease, cost: int) -> LimitDecision | None:
        if self._is_unlimited:
            return allowed(lease.limit, lease.limit.capacity)
        lease.expire(self._clock())
        if lease.held < cost and lease.limit.bucket is not TokenBucket:
            return None  # no share of it can be told from what others have admitted a moment ago
        return super()._spend_without(lease, cost)
