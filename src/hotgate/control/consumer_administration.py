"""What may be done with consumers: the one place for its rules, whoever asks (the command line, the admin API)."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from hotgate.control.administration_error import AdministrationError, refusals_of_store
from hotgate.store.bounds import MAX_PAGE
from hotgate.store.records import Consumer

if TYPE_CHECKING:
    from hotgate.store.store import Store

PAGE = 100


class ConsumerAdministration:
    """clock: seconds since the epoch. Every method raises AdministrationError, and StoreUnavailable."""

    def __init__(self, store: "Store", clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    async def create(self, consumer: Consumer) -> Consumer:
        """Add one; it is `created` now. Codes: invalid, consumer-exists."""
        added = replace(consumer, created=self._clock())
        with refusals_of_store():
            await self._store.add_consumer(added)
        return added

    async def get(self, name: str) -> Consumer:
        """One consumer. Code: consumer-unknown; the text names one that is spelt alike."""
        found = await self._store.consumer(name)
        if found is None:
            known = [each.name for each in await self._store.consumers(limit=MAX_PAGE)]
            close = get_close_matches(name[:100], known, 1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise AdministrationError(
                "consumer-unknown", f"there is no consumer {name[:100]!r}{hint}", member="consumer"
            )
        return found

    async def list(self, after: str = "", limit: int = PAGE) -> Sequence[Consumer]:
        """Consumers by name, the first `limit` behind `after`."""
        return await self._store.consumers(after, limit)

    async def change(self, name: str, changes: dict[str, Any]) -> Consumer:
        """Give fields of a Consumer other values. Codes: invalid, consumer-unknown."""
        await self.get(name)
        with refusals_of_store():
            return await self._store.change_consumer(name, **changes)

    async def remove(self, name: str) -> None:
        """Remove one and all its keys. Code: consumer-unknown."""
        await self.get(name)
        with refusals_of_store():
            await self._store.remove_consumer(name)
