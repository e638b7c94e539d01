"""What a worker knows of the store: found keys and consumers in bounded caches, and whether a token was revoked.

Changes are looked for four times a second, and at once when the control process says so. Whatever was changed is
forgotten, nothing else. While the store cannot be read, or its copy is not kept in step, what is known works on for
`max_stale`; what is not known is answered by StoreUnavailable, for it may exist.
"""

import logging
import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from hotgate.store.bounds import MAX_NAME
from hotgate.store.errors import StoreUnavailable
from hotgate.store.last_used import LastUsed
from hotgate.store.pepper import Peppers
from hotgate.store.records import Consumer, FoundKey, StoredKey

if TYPE_CHECKING:
    from hotgate.store.local_reader import LocalReader

_log = logging.getLogger("hotgate.store")

DEFAULT_CACHE = 10_000  # keys
MAX_UNKNOWN = 1000  # digests and names that are known to be nobody's
OUT_OF_STEP = 5.0  # seconds without news after which what is not found may be new

Name = TypeVar("Name", bytes, str)
Record = TypeVar("Record", StoredKey, Consumer)


@dataclass(frozen=True, slots=True)
class CredentialSettings:
    """What a worker is told with each configuration. is_replica: the file says itself how far it is in step."""

    path: Path
    peppers: Peppers
    max_stale: float
    cache: int
    is_replica: bool

    def message(self) -> dict[str, Any]:
        """JSON types, secrets included: for the private channel to a worker and nothing else."""
        return {
            "path": str(self.path),
            "peppers": self.peppers.revealed(),
            "max_stale": self.max_stale,
            "cache": self.cache,
            "is_replica": self.is_replica,
        }

    @classmethod
    def of_message(cls, message: Mapping[str, Any]) -> "CredentialSettings":
        """What `message` made. Raises KeyError, TypeError, ValueError."""
        return cls(
            Path(message["path"]),
            Peppers([bytes.fromhex(secret) for secret in message["peppers"]]),
            float(message["max_stale"]),
            int(message["cache"]),
            bool(message["is_replica"]),
        )


class Credentials:
    """Lives as long as its worker; `use` points it at a file. version: grows whenever something may have changed.

    peppers: for the digests of presented keys. used(id, now): call it for each use of a key; `last_used` has the sum.
    """

    def __init__(self) -> None:
        self._settings: CredentialSettings | None = None
        self._reader: LocalReader | None = None
        self._found: OrderedDict[bytes, FoundKey] = OrderedDict()
        self._consumers: OrderedDict[str, Consumer] = OrderedDict()
        self._unknown: OrderedDict[bytes | str, None] = OrderedDict()
        self._has_revocations = True
        self._data_version = self._seq = -1
        self._in_step_at = -math.inf
        self._is_usable = self._is_in_step = False
        self._trouble = ""
        self._callbacks: list[Callable[[], None]] = []
        self.last_used = LastUsed()
        self.used = self.last_used.note
        self.version = 0

    @property
    def peppers(self) -> Peppers:
        """Raises StoreUnavailable before the first `use`."""
        if self._settings is None:
            raise StoreUnavailable("no store is configured")
        return self._settings.peppers

    def use(self, settings: CredentialSettings, now: float) -> None:
        """Read this file from now on. It need not be there yet: until it is, everything is unavailable."""
        self._settings = settings
        self._changed_all()
        self.tick(now)

    def leave(self) -> None:
        """The configuration in force has no store: let go of the file, and say nothing about it any more."""
        if self._settings is None:
            return
        self._settings = None
        self._close()
        self._is_usable = self._is_in_step = False
        self._trouble = ""
        self._changed_all()

    def look_at(self, path: Path, now: float) -> None:
        """There is news: in this file, which may be another than before."""
        if self._settings is not None and path.name:
            self._settings = replace(self._settings, path=path)
        self.tick(now)

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call it after every growth of `version`."""
        self._callbacks.append(callback)

    def find_key(self, digest: bytes) -> FoundKey | None:
        """The key of a digest and its consumer, whatever their state; None for nobody's. Raises StoreUnavailable."""
        found = self._found.get(digest)
        if found is not None:
            self._found.move_to_end(digest)
            return found
        key = self._read(lambda reader, digest: reader.key(digest), digest)
        consumer = None if key is None else self.consumer(key.consumer)
        if key is None or consumer is None:
            return None
        found = FoundKey(key, consumer)
        _remember(self._found, digest, found, self._cache_size)
        return found

    def consumer(self, name: str) -> Consumer | None:
        """Who has this name, disabled or not; None for nobody. Raises StoreUnavailable."""
        found = self._consumers.get(name)
        if found is not None:
            self._consumers.move_to_end(name)
            return found
        found = self._read(lambda reader, name: reader.consumer(name), name) if len(name) <= MAX_NAME else None
        if found is not None:
            _remember(self._consumers, name, found, self._cache_size)
        return found

    def is_revoked(
        self,
        provider: str,
        jti: str | None,
        sub: str | None,
        sid: str | None,
        client: str | None,
        issued_at: float | None,
    ) -> bool:
        """True for a token that is no longer accepted. Raises StoreUnavailable.

        issued_at: epoch seconds; a token that does not say counts as older than any. The answer holds while `version`
        stays, so whoever keeps it compares one number.
        """
        reader = self._usable()
        if not self._has_revocations:
            return False
        return reader.is_revoked(provider, jti, sub, sid, client, -math.inf if issued_at is None else issued_at)

    def tick(self, now: float) -> None:
        """Look for changes. now: epoch seconds. Call it every 250 ms, and when there is news."""
        settings = self._settings
        if settings is None:
            return
        failure = ""
        try:
            self._look(settings, now)
        except StoreUnavailable as error:
            self._close()
            failure = f"the store cannot be read: {error}"
        self._judge(settings, now)
        self._tell(failure)

    @property
    def _cache_size(self) -> int:
        return self._settings.cache if self._settings else 0

    def _read(self, read: "Callable[[LocalReader, Name], Record | None]", name: Name) -> Record | None:
        """What the file has of that name; that it has nothing is remembered."""
        if name in self._unknown:
            return None
        reader = self._usable()
        found = read(reader, name)
        if found is None:
            reader.renew()  # it may have been written since the last look
            found = read(reader, name)
        if found is not None:
            return found
        if not self._is_in_step:
            raise StoreUnavailable("what is not known here may be new")
        _remember(self._unknown, name, None, MAX_UNKNOWN)
        return None

    def _usable(self) -> "LocalReader":
        if self._reader is None or not self._is_usable:
            raise StoreUnavailable("the store cannot be read")
        return self._reader

    def _look(self, settings: CredentialSettings, now: float) -> None:
        from hotgate.store.local_reader import LocalReader  # noqa: PLC0415 (a megabyte; most workers have no store)

        reader = self._reader
        if reader is None or reader.path != settings.path or reader.is_replaced():
            self._close()
            reader = self._reader = LocalReader(settings.path)
        version = reader.renew()
        if version != self._data_version:
            self._follow(reader)
            if settings.is_replica:
                self._in_step_at = reader.in_step_at()
            self._data_version = version
        if not settings.is_replica:
            self._in_step_at = now

    def _follow(self, reader: "LocalReader") -> None:
        """Forget what was changed since the last look."""
        seq = reader.sequence()
        if seq == self._seq:
            return  # somebody noted when keys were used, or that nothing is new
        changes = reader.changes_since(self._seq) if 0 <= self._seq < seq else None
        self._has_revocations = reader.has_revocations()
        if changes is None:
            self._seq = seq
            self._changed_all()
        else:
            self._seq = max(number for number, _, _ in changes)
            self._forget((kind, name) for _, kind, name in changes)
            self._changed()

    def _forget(self, changes: Iterable[tuple[str, str]]) -> None:
        keys, consumers = set(), set()
        for kind, name in changes:
            if kind == "key":
                keys.add(name)
            elif kind != "revocation":
                consumers.add(name)
        if not keys and not consumers:
            return
        self._unknown.clear()
        for name in consumers:
            self._consumers.pop(name, None)
        gone = [
            digest
            for digest, found in self._found.items()
            if found.key.id in keys or found.consumer.name in consumers or found.key.consumer in consumers
        ]
        for digest in gone:
            del self._found[digest]

    def _judge(self, settings: CredentialSettings, now: float) -> None:
        """Decide whether what is known may still be used, and whether what is not found does not exist."""
        late = now - self._in_step_at
        self._is_in_step = self._reader is not None and late <= OUT_OF_STEP
        is_usable = late <= settings.max_stale
        if is_usable != self._is_usable:
            self._is_usable = is_usable
            self._changed_all()
        if not self._is_in_step:
            self._unknown.clear()

    def _tell(self, failure: str) -> None:
        """Log what is new, once."""
        if not self._is_usable:
            trouble = f"credentials of the store are not accepted: {failure or 'the copy of it is too old'}"
        else:
            trouble = failure or ("" if self._is_in_step else "the copy of the store is no longer kept in step")
        if trouble == self._trouble:
            return
        self._trouble = trouble
        if trouble:
            _log.error("%s", trouble)
        else:
            _log.info("the store is read again")

    def _changed_all(self) -> None:
        self._found.clear()
        self._consumers.clear()
        self._unknown.clear()
        self._changed()

    def _changed(self) -> None:
        self.version += 1
        for callback in self._callbacks:
            callback()

    def _close(self) -> None:
        if self._reader is not None:
            self._reader.close()
        self._reader = None
        self._data_version = self._seq = -1


def _remember(cache: OrderedDict[Any, Any], name: bytes | str, value: Any, size: int) -> None:
    while len(cache) >= max(size, 1):
        cache.popitem(last=False)
    cache[name] = value
