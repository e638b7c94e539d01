"""Credentials that were verified already, so that verifying the same one again costs one look-up."""

from collections import OrderedDict

from hotgate.identity.key_set import KeySet
from hotgate.identity.principal import Principal
from hotgate.identity.public_key import PublicKey

MAX_ENTRIES = 10_000
MAX_CREDENTIAL_BYTES = 16 * 1024 * 1024  # all credentials of one cache together

Entry = tuple[Principal, float, PublicKey]


class TokenCache:
    """Principals by the raw bytes of the credential that proved them; only good credentials get in.

    The bytes themselves are the keys of a dict. That is no timing oracle: a dict compares bytes only after their
    hashes agree, the hash is SipHash with a random key per process, and whoever cannot compute it learns nothing
    from how long a miss takes.
    """

    __slots__ = ("_bytes", "_entries", "_generation", "_key_set", "_max_bytes", "_max_entries")

    def __init__(self, key_set: KeySet, max_entries: int = MAX_ENTRIES, max_bytes: int = MAX_CREDENTIAL_BYTES) -> None:
        self._key_set = key_set
        self._generation = key_set.generation
        self._entries: OrderedDict[bytes, Entry] = OrderedDict()
        self._bytes = 0
        self._max_entries = max_entries
        self._max_bytes = max_bytes

    def get(self, credential: bytes, now: float) -> Principal | None:
        """Whom this credential has proved, if it still does. now: seconds since the epoch."""
        if self._key_set.generation != self._generation:
            self._drop_entries_of_gone_keys()
        entry = self._entries.get(credential)
        if entry is None:
            return None
        if now < entry[1]:
            return entry[0]
        self._drop(credential)
        return None

    def put(self, credential: bytes, principal: Principal, expires: float, key: PublicKey) -> None:
        """Remember until `expires`, or until `key` leaves the set. The oldest entries make room."""
        if key not in self._key_set.keys:
            return
        self._drop(credential)
        self._entries[credential] = (principal, expires, key)
        self._bytes += len(credential)
        while len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
            oldest, _ = self._entries.popitem(last=False)
            self._bytes -= len(oldest)

    def __len__(self) -> int:
        return len(self._entries)

    def _drop(self, credential: bytes) -> None:
        if self._entries.pop(credential, None) is not None:
            self._bytes -= len(credential)

    def _drop_entries_of_gone_keys(self) -> None:
        keys = self._key_set.keys
        for credential in [credential for credential, entry in self._entries.items() if entry[2] not in keys]:
            self._drop(credential)
        self._generation = self._key_set.generation
