"""What may be done with API keys: the one place for its rules, whoever asks (the command line, the admin API).

Keys exist in plain text here only, between being made and being handed out; the store gets a keyed digest.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hotgate.control.administration_error import AdministrationError, refusals_of_store
from hotgate.control.consumer_administration import ConsumerAdministration
from hotgate.control.key_request import KeyChanges, KeyRequest, valid_attributes
from hotgate.identity.api_keys.managed_key import NewKey, generate, hint, id_within
from hotgate.store.pepper import Peppers
from hotgate.store.records import Consumer, StoredKey

if TYPE_CHECKING:
    from hotgate.store.store import Store

PAGE = 100


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key. key: the secret, which nobody can show again. record: what the store has of it."""

    key: str = field(repr=False)
    record: StoredKey


class KeyAdministration:
    """clock: seconds since the epoch. Every method raises AdministrationError, and StoreUnavailable."""

    def __init__(self, store: "Store", peppers: Peppers, clock: Callable[[], float]) -> None:
        self._store = store
        self._peppers = peppers
        self._clock = clock
        self._consumers = ConsumerAdministration(store, clock)

    async def create(self, request: KeyRequest, *, create_consumer: bool = False) -> IssuedKey:
        """Make a key. Codes: invalid, consumer-unknown. create_consumer: add the consumer with it if there is none."""
        now = self._clock()
        attributes = valid_attributes(asdict(request), now)
        if not create_consumer:
            await self._consumers.get(request.consumer)  # its refusal names one that is spelt alike
        new = generate(request.environment)
        record = self._record(new, attributes, now)
        consumers = [Consumer(request.consumer, created=now)] if create_consumer else []
        with refusals_of_store():
            await self._store.add_keys([record], consumers)
        return IssuedKey(new.text, record)

    async def rotate(self, key_id: str, overlap: float) -> IssuedKey:
        """A new key with the same attributes; the old one ends in `overlap` seconds, or earlier if it would anyway.

        A key that expires gets a successor that is made for as long a life. Codes: key-unknown, key-not-live.
        """
        now = self._clock()
        new = generate((await self.get(key_id)).environment)

        def rotated(old: StoredKey) -> tuple[StoredKey, StoredKey]:
            """In the transaction that writes: a key that was revoked a moment ago must get no successor."""
            if old.revoked_at is not None or (old.expires is not None and old.expires <= now):
                raise AdministrationError("key-not-live", f"key {key_id} is revoked or expired; create a new one")
            end = now + overlap
            ended = replace(old, expires=end if old.expires is None else min(end, old.expires))
            return ended, self._record(new, _of_successor(old, now), now)

        with refusals_of_store():
            return IssuedKey(new.text, await self._store.rotate_key(key_id, rotated))

    async def revoke(self, key_id: str, reason: str = "") -> StoredKey:
        """Refuse a key from now on, for good; the first time and reason stay. Codes: invalid, key-unknown."""
        _check_is_id(key_id)
        with refusals_of_store():
            return await self._store.revoke_key(key_id, reason, self._clock())

    async def change(self, key_id: str, changes: KeyChanges) -> StoredKey:
        """Change what a key may do. Codes: invalid, key-unknown."""
        wanted = {name: value for name, value in asdict(changes).items() if value is not None}
        if not wanted:
            raise AdministrationError("invalid", "nothing to change")
        key = await self.get(key_id)
        times = {"not_before": key.not_before, "expires": key.expires}
        # A key that has expired already may still get other scopes, so its old expiry is not judged.
        valid = valid_attributes({**times, **wanted}, self._clock() if "expires" in wanted else 0.0)
        with refusals_of_store():
            return await self._store.change_key(key_id, **{name: valid[name] for name in wanted})

    async def get(self, key_id: str) -> StoredKey:
        """One key. Code: key-unknown."""
        _check_is_id(key_id)
        key = await self._store.key(key_id)
        if key is None:
            raise AdministrationError("key-unknown", f"there is no key {key_id[:100]!r}")
        return key

    async def list(self, consumer: str | None = None, after: str = "", limit: int = PAGE) -> Sequence[StoredKey]:
        """Keys by id, the first `limit` behind `after`. Code: consumer-unknown."""
        if consumer is not None:
            await self._consumers.get(consumer)
        return await self._store.keys(consumer, after, limit)

    def _record(self, new: NewKey, attributes: Mapping[str, Any], now: float) -> StoredKey:
        digest = self._peppers.digest(new.text.encode("ascii"))
        return StoredKey(id=new.id, digest=digest, created=now, hint=hint(new.text), **attributes)


def _check_is_id(key_id: str) -> None:
    """Of a key that leaked, people have the whole at hand: no error may repeat it. Code: key-unknown."""
    if found := id_within(key_id):
        raise AdministrationError("key-unknown", f"this is a whole key, which is secret; use its id, {found}")


def _of_successor(old: StoredKey, now: float) -> dict[str, Any]:
    """The attributes of the key that takes a key's place."""
    attributes = {name: getattr(old, name) for name in KeyRequest.__dataclass_fields__}
    return attributes | {"expires": None if old.expires is None else now + (old.expires - old.created)}
