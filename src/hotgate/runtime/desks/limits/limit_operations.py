"""What operators may see and change of limits and quotas. Keys are shown as they are: operators ask who it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hotgate.limits.quotas.period_bucket import PeriodBucket
from hotgate.limits.shown_key import key_of_shown, shown_key
from hotgate.policies.limits.quota_settings import quota_sizes
from hotgate.store.errors import StoreUnavailable, StoreUnusable

if TYPE_CHECKING:
    from hotgate.config.gateway import Gateway
    from hotgate.limits.authority import LeaseAuthority
    from hotgate.limits.shared.all_limits import AllLimits
    from hotgate.limits.standing import Standing
    from hotgate.runtime.desks.limits.quota_desk import QuotaDesk
    from hotgate.store.quotas import QuotaUse

MOST = 1000  # that are shown at once


class LimitOperations:
    """Names of limits are their scopes, as the lists show them: `route/orders`, `quota/orders/daily`."""

    def __init__(self, authority: LeaseAuthority | AllLimits, quotas: QuotaDesk) -> None:
        self._authority = authority
        self._quotas = quotas
        self._sizes: dict[str, int] = {}

    def follow(self, config: Gateway) -> None:
        """A configuration is in force: it knows how large quotas are that nobody has used since the start."""
        self._sizes = quota_sizes(config.routes)

    def limited(self, limit: str = "", containing: str = "", most: int = MOST) -> list[dict[str, Any]]:
        """Who is limited now, the latest first. limit: only by this one. containing: text in the shown key."""
        found: list[dict[str, Any]] = []
        for standing in self._authority.limited():
            shown = _shown(standing)
            if (not limit or shown["limit"] == limit) and containing in shown["key"]:
                found.append(shown)
            if len(found) >= min(most, MOST):
                break
        return found

    def standing(self, limit: str, key: str) -> dict[str, Any] | None:
        """How one key stands; None for a limit that nobody has used."""
        known = self._authority.limit(limit)
        standing = None if known is None else self._authority.peek(known, key_of_shown(key))
        return None if standing is None else _shown(standing)

    async def reset(self, limit: str, key: str) -> bool:
        """Let a key have its whole burst again, but for what workers hold. Returns whether there was anything.

        A quota is in lists of who is limited as well, but counted in the database. Raises StoreUnavailable.
        """
        known = self._authority.limit(limit)
        if known is not None and known.bucket is PeriodBucket:
            return await self.reset_quota(limit, key)
        return self._authority.reset(limit, key_of_shown(key))

    async def quotas(self, quota: str = "", containing: str = "", most: int = MOST) -> list[dict[str, Any]]:
        """Who has used most. Raises StoreUnavailable. containing: text in the key."""
        try:
            found = await self._quotas.most_used(quota, containing, min(most, MOST))
        except StoreUnusable as error:
            raise StoreUnavailable(str(error)) from error
        return [self._shown_use(use) for use in found]

    async def quota(self, quota: str, key: str) -> dict[str, Any] | None:
        """How much of one is used; None for none at all. Raises StoreUnavailable."""
        try:
            found = await self._quotas.find(quota, key)
        except StoreUnusable as error:
            raise StoreUnavailable(str(error)) from error
        return None if found is None else self._shown_use(found)

    async def reset_quota(self, quota: str, key: str) -> bool:
        """Begin anew. Returns whether anything was used. Raises StoreUnavailable."""
        try:
            return await self._quotas.reset(quota, key)
        except StoreUnusable as error:
            raise StoreUnavailable(str(error)) from error

    def _shown_use(self, use: QuotaUse) -> dict[str, Any]:
        """What was fetched and is not lent yet is not used."""
        limit = self._authority.limit(use.scope)
        standing = None if limit is None else self._authority.peek(limit, key_of_shown(use.key))
        here = 0 if limit is None or standing is None else max(0, round(standing.level) - (limit.quota - use.used))
        return {
            "quota": use.scope,
            "key": use.key,
            "used": max(0, use.used - here),
            "limit": self._sizes.get(use.scope, None if limit is None else limit.quota),
            "period": use.period,
            "ends": datetime.fromtimestamp(use.ends, UTC).isoformat(timespec="seconds"),
        }


def _shown(standing: Standing) -> dict[str, Any]:
    limit = standing.limit
    return {
        "limit": limit.scope,
        "key": shown_key(standing.key),
        "kind": limit.bucket.KIND,
        "quota": limit.quota,
        "window_seconds": limit.window,
        "level": round(standing.level, 3),
        "on_lease": standing.on_lease,
        "limited_for_seconds": None if standing.limited_for is None else round(standing.limited_for, 3),
        "retry_after_seconds": round(standing.retry_after, 3),
    }
