"""Limits that nodes share and quotas that they do not, as one, for operators."""

from collections.abc import Iterator
from itertools import chain

from hotgate.limits.authority import LeaseAuthority
from hotgate.limits.limit import Limit
from hotgate.limits.quotas.period_bucket import PeriodBucket
from hotgate.limits.shared.shared_authority import SharedAuthority
from hotgate.limits.standing import Standing


class AllLimits:
    """shared: knows what this node has asked for lately. local: knows the quotas."""

    def __init__(self, shared: SharedAuthority, local: LeaseAuthority) -> None:
        self._shared = shared
        self._local = local

    def limited(self) -> Iterator[Standing]:
        """Who is limited now: by shared limits first, and then by quotas."""
        return chain(self._shared.limited(), self._local.limited())

    def limit(self, scope: str) -> Limit | None:
        """The limit of this name, if it was used lately."""
        return self._shared.limit(scope) or self._local.limit(scope)

    def peek(self, limit: Limit, key: str, cost: int = 1) -> Standing | None:
        """How a key stands, without spending; None while that is not known."""
        who = self._local if limit.bucket is PeriodBucket else self._shared
        return who.peek(limit, key, cost)

    def reset(self, scope: str, key: str) -> bool:
        """Let a key have its whole quota again. Returns whether there was anything."""
        who = self._shared if self._shared.limit(scope) else self._local
        return who.reset(scope, key)
