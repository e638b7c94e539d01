"""What may be done with API keys: the one place for its rules, whoever asks (the command line, the admin API).

Keys exist in plain text here only, between being made and being handed out; the store gets a keyed digest.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from hotgate.control.administration_error import AdministrationError, refusals_of_store
from hotgate.control.consumer_administration import ConsumerAdministration
from hotgate.control.key_request import KeyChanges, KeyRequest, valid_attributes
from hotgate.identity.managed_key import generate, hint, id_within
from hotgate.store.pepper import Peppers
from hotgate.store.records import StoredKey
from hotgate.store.store import Store

PAGE = 100


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key. key: the secret, which nobody can show again. record: what the store has of it."""

    key: str = field(repr=False)
    record: StoredKey


class KeyAdministration:
    """clock: seconds since the epoch. Every method raises AdministrationError, and StoreUnavailable."""

    def __init__(self, store: Store, peppers: Peppers, clock: Callable[[], float]) -> None:
        self._store = store
        self._peppers = peppers
        self._clock = clock
        self._consumers = ConsumerAdministration(store, clock)

    async def create(self, request: KeyRequest) -> IssuedKey:
        """Make a key. Codes: invalid, consumer-unknown."""
        attributes = valid_attributes(asdict(request), self._clock())
        await self._consumers.get(request.consumer)
        return await self._issue(attributes)

    async def rotate(self, key_id: str, overlap: float) -> IssuedKey:
        """A new key with the same attributes; the old one ends in `overlap` seconds, or earlier if it would anyway.

        A key that expires gets a successor that is made for as long a life. Codes: key-unknown, key-not-live.
        """
        now, old = self._clock(), await self.get(key_id)
        if old.revoked_at is not None or (old.expires is not None and old.expires <= now):
            raise AdministrationError("key-not-live", f"key {key_id} is revoked or expired; create a new one")
        expires = None if old.expires is None else now + (old.expires - old.created)
        attributes = {name: getattr(old, name) for name in KeyRequest.__dataclass_fields__}
        # The new one first: a failure between the two leaves a key too many, never a caller without one.
        issued = await self._issue({**attributes, "expires": expires, "not_before": None})
        end = now + overlap
        with refusals_of_store("key"):
            await self._store.change_key(key_id, expires=end if old.expires is None else min(end, old.expires))
        return issued

    async def revoke(self, key_id: str, reason: str = "") -> StoredKey:
        """Refuse a key from now on, for good; the first time and reason stay. Codes: invalid, key-unknown."""
        await self.get(key_id)
        with refusals_of_store("key"):
            return await self._store.revoke_key(key_id, reason, self._clock())

    async def change(self, key_id: str, changes: KeyChanges) -> StoredKey:
        """Change what a key may do. Codes: invalid, key-unknown."""
        key = await self.get(key_id)
        wanted = {name: value for name, value in asdict(changes).items() if value is not None}
        times = {"not_before": key.not_before, "expires": key.expires}
        # A key that has expired already may still get other scopes, so its old expiry is not judged.
        valid = valid_attributes({**times, **wanted}, self._clock() if "expires" in wanted else 0.0)
        with refusals_of_store("key"):
            return await self._store.change_key(key_id, **{name: valid[name] for name in wanted})

    async def get(self, key_id: str) -> StoredKey:
        """One key. Code: key-unknown."""
        if found := id_within(key_id):  # of a key that leaked, this is what people have at hand
            raise AdministrationError("key-unknown", f"this is a whole key, which is secret; use its id, {found}")
        key = await self._store.key(key_id)
        if key is None:
            raise AdministrationError("key-unknown", f"there is no key {key_id[:100]!r}")
        return key

    async def list(self, consumer: str | None = None, after: str = "", limit: int = PAGE) -> Sequence[StoredKey]:
        """Keys by id, the first `limit` behind `after`. Code: consumer-unknown."""
        if consumer is not None:
            await self._consumers.get(consumer)
        return await self._store.keys(consumer, after, limit)

    async def _issue(self, attributes: Mapping[str, Any]) -> IssuedKey:
        new = generate(attributes["environment"])
        record = StoredKey(
            id=new.id,
            digest=self._peppers.digest(new.text.encode("ascii")),
            created=self._clock(),
            hint=hint(new.text),
            **attributes,
        )
        with refusals_of_store("key"):
            await self._store.add_key(record)
        return IssuedKey(new.text, record)
