"""Fetches what the authority needs of quotas from the database, and brings back what it does not.

As many keys as are wanted at a time are one transaction, one after another: so a request costs no write, only the part
of a quota does that it is the first to take from. Without the database nothing is given out that was not before.

Keys are kept as they are shown, for PostgreSQL has no NUL, and SQLite finds nothing behind one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from hotgate.limits.quotas.supplies import Supply
from hotgate.limits.shown_key import key_of_shown, shown_key
from hotgate.store.errors import StoreUnavailable, StoreUnusable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hotgate.limits.limit import Limit
    from hotgate.limits.quotas.supplies import Want
    from hotgate.runtime.desks.limits.lease_desk import LeaseDesk
    from hotgate.store.quotas import QuotaUse, SqlQuotas

_log = logging.getLogger("hotgate.limits")

PAUSE = 1.0  # seconds after a failure; workers ask again as often
TOLD_EVERY = 30.0  # seconds between two lines of the log that say so
PRUNE_SECONDS = 3600.0


class QuotaDesk:
    """place: gives the database of quotas, opened. Raises StoreUnavailable or StoreUnusable."""

    def __init__(
        self, leases: LeaseDesk, place: Callable[[], Awaitable[SqlQuotas]], now: Callable[[], float] = time.time
    ) -> None:
        self._leases = leases
        self._supplies = leases.authority.supplies
        self._supplies.on_want = self._begin
        self._place = place
        self._now = now
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._told = self._pruned = 0.0

    async def reset(self, scope: str, key: str) -> bool:
        """Forget what was used by a shown key. Returns whether there was anything.

        Raises StoreUnavailable, StoreUnusable.
        """
        async with self._turn:  # nothing that was fetched before may arrive afterwards
            is_known = await (await self._place()).reset(scope, key)
            self._leases.authority.reset(scope, key_of_shown(key))
        return is_known

    async def find(self, scope: str, key: str) -> QuotaUse | None:
        """How much was given out to a shown key. Raises StoreUnavailable, StoreUnusable."""
        return await (await self._place()).find(scope, key)

    async def left(self, limit: Limit, key: str) -> int:
        """Tokens that were not given out to a key; none is given now. Raises StoreUnavailable, StoreUnusable."""
        use = await self.find(limit.scope, shown_key(key))
        return limit.quota if use is None or use.ends <= self._now() else max(0, limit.quota - use.used)

    async def most_used(self, scope: str, containing: str, most: int) -> list[QuotaUse]:
        """Quotas of which most was given out first. Raises StoreUnavailable, StoreUnusable."""
        return await (await self._place()).most_used(self._now(), scope, containing, most)

    def tick(self) -> None:
        """Call about once a second."""
        if not self._supplies.is_empty:
            self._begin()

    async def stop(self) -> None:
        """Bring back what is not used."""
        self._leases.authority.leave_supplies()
        if self._task is not None:
            with suppress(asyncio.CancelledError):
                await self._task
        if not self._supplies.is_empty:
            await self._work()

    def _begin(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        try:
            while not self._supplies.is_empty:
                async with self._turn:
                    await self._exchange(await self._place())
        except (StoreUnavailable, StoreUnusable) as error:
            self._tell(error)
            await asyncio.sleep(PAUSE)

    async def _exchange(self, quotas: SqlQuotas) -> None:
        from hotgate.store.quotas import MAX_BATCH, QuotaUse, QuotaWant  # noqa: PLC0415 (SQLAlchemy)

        wants, unused = self._supplies.take(MAX_BATCH)
        if unused:
            await quotas.put_back(
                [
                    QuotaUse(each.limit.scope, shown_key(each.key), "", each.ends, 0, given=each.tokens)
                    for each in unused
                ]
            )
        if wants:
            asked = {(want.limit.scope, shown_key(want.key)): want for want in wants}
            try:
                for use in await quotas.take([QuotaWant(*_wanted(each)) for each in wants]):
                    want = asked.pop((use.scope, use.key))
                    left = max(0, want.limit.quota - use.used)
                    self._leases.supply(use.scope, want.key, Supply(use.given, left, use.ends))
            finally:  # there was no place for some, or the database failed
                for want in asked.values():
                    self._supplies.waited(want.limit.scope, want.key)
        if self._now() - self._pruned > PRUNE_SECONDS:
            self._pruned = self._now()
            await quotas.prune(self._now())

    def _tell(self, error: Exception) -> None:
        if abs(self._now() - self._told) > TOLD_EVERY:
            self._told = self._now()
            _log.error("quotas cannot be counted, so none is given out: %s", error)


def _wanted(want: Want) -> tuple[str, str, str, float, int, int, float]:
    """The fields of a QuotaWant."""
    limit, calendar = want.limit, want.limit.calendar
    if calendar is None:
        raise TypeError("only quotas are fetched from the database")
    now = calendar.now()
    return limit.scope, shown_key(want.key), calendar.notation, calendar.period(now)[1], limit.quota, want.tokens, now
