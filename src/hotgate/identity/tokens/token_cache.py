"""Credentials that were verified already, so that verifying the same one again costs one look-up."""

from collections import OrderedDict
from typing import Any, Protocol

from hotgate.identity.principal import Principal
from hotgate.identity.tokens.revocations import NoRevocations, Revocations, is_revoked
from hotgate.store.errors import StoreUnavailable

MAX_ENTRIES = 10_000
MAX_BYTES = 80 * 1024 * 1024  # of memory, in one cache: 10,000 tokens of 1 KiB, or fewer that are longer
# What a token's claims and principal take, and the token, per byte of it: 6 in tokens of providers, 8 with hundreds of
# roles, 11 if those have short names. Only tokens of little but empty lists take more, and twice as much.
MEMORY_PER_BYTE = 8


class Vouchers(Protocol):
    """Who vouches for tokens, such as the keys of an issuer. generation changes when one of `keys` goes."""

    @property
    def generation(self) -> int: ...

    @property
    def keys(self) -> frozenset[Any]: ...


class Proved(Protocol):
    """principal: whom a credential has proved. expires: epoch seconds until which. key: who vouches for it."""

    @property
    def principal(self) -> Principal: ...

    @property
    def expires(self) -> float: ...

    @property
    def key(self) -> Any: ...


class Entry:
    """version: of the revocations when they were last asked about this token. weight: bytes of memory."""

    __slots__ = ("expires", "key", "principal", "version", "weight")

    def __init__(self, token: Proved, version: int, weight: int) -> None:
        self.principal: Principal = token.principal
        self.expires: float = token.expires
        self.key = token.key
        self.version = version
        self.weight = weight


class TokenCache:
    """Principals by the raw bytes of the credential that proved them; only good credentials get in.

    max_bytes: of memory, by the measure of MEMORY_PER_BYTE.

    The bytes themselves are the keys of a dict. That is no timing oracle: a dict compares bytes only after their
    hashes agree, the hash is SipHash with a random key per process, and whoever cannot compute it learns nothing
    from how long a miss takes.
    """

    __slots__ = ("_bytes", "_entries", "_generation", "_key_set", "_max_bytes", "_max_entries", "_revocations")

    def __init__(
        self,
        key_set: Vouchers,
        revocations: Revocations | None = None,
        max_entries: int = MAX_ENTRIES,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._key_set = key_set
        self._revocations = NoRevocations() if revocations is None else revocations
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
        if now < entry.expires and (entry.version == self._revocations.version or self._is_still_good(entry)):
            return entry.principal
        self._drop(credential)
        return None

    def put(self, credential: bytes, token: Proved, version: int = 0, besides: int = 0) -> None:
        """Remember until it expires, or until its key leaves the set. The oldest entries make room.

        version: of the revocations, read before they were asked about the token. besides: bytes of what was said of
        the token by others than itself.
        """
        if token.key not in self._key_set.keys:
            return
        self._drop(credential)
        entry = self._entries[credential] = Entry(token, version, (len(credential) + besides) * MEMORY_PER_BYTE)
        self._bytes += entry.weight
        while len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
            _, oldest = self._entries.popitem(last=False)
            self._bytes -= oldest.weight

    def __len__(self) -> int:
        return len(self._entries)

    def _is_still_good(self, entry: Entry) -> bool:
        """Ask again, because something was revoked since; whoever cannot be asked says no."""
        version = self._revocations.version
        try:
            if is_revoked(self._revocations, entry.principal):
                return False
        except StoreUnavailable:
            return False  # the token is verified anew, and that says what is wrong
        entry.version = version
        return True

    def _drop(self, credential: bytes) -> None:
        if (entry := self._entries.pop(credential, None)) is not None:
            self._bytes -= entry.weight

    def _drop_entries_of_gone_keys(self) -> None:
        keys = self._key_set.keys
        for credential in [credential for credential, entry in self._entries.items() if entry.key not in keys]:
            self._drop(credential)
        self._generation = self._key_set.generation
