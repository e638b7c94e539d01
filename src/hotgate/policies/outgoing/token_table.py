"""What was exchanged for callers' tokens, found by a keyed digest of these: the tokens themselves are not kept."""

import os
from collections import OrderedDict
from hashlib import blake2b
from typing import Generic, Protocol, TypeVar

MAX_ENTRIES = 10_000
MAX_BYTES = 16 * 1024 * 1024  # of values, in one table


class Kept(Protocol):
    """good_until: monotonic seconds. size: bytes."""

    @property
    def good_until(self) -> float: ...

    @property
    def size(self) -> int: ...


K = TypeVar("K", bound=Kept)


class TokenTable(Generic[K]):
    """Of one upstream alone, so that what is for one audience is never found for another. The oldest make room."""

    def __init__(self, max_entries: int = MAX_ENTRIES, max_bytes: int = MAX_BYTES) -> None:
        self._key = os.urandom(32)  # whoever reads a digest cannot try tokens on it
        self._entries: OrderedDict[bytes, K] = OrderedDict()
        self._bytes = 0
        self._max_entries = max_entries
        self._max_bytes = max_bytes

    def digest(self, token: bytes) -> bytes:
        """What a token is found by."""
        return blake2b(token, key=self._key, digest_size=32).digest()

    def get(self, digest: bytes, now: float) -> K | None:
        """What is kept for it, if it is still good."""
        kept = self._entries.get(digest)
        if kept is None or now < kept.good_until:
            return kept
        self.drop(digest)
        return None

    def put(self, digest: bytes, kept: K) -> None:
        """Keep it until it is good no more, or until others need the room."""
        self.drop(digest)
        self._entries[digest] = kept
        self._bytes += kept.size
        while len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
            _, oldest = self._entries.popitem(last=False)
            self._bytes -= oldest.size

    def drop(self, digest: bytes) -> None:
        """Keep it no more; one that is not there is fine."""
        kept = self._entries.pop(digest, None)
        if kept is not None:
            self._bytes -= kept.size

    def __len__(self) -> int:
        return len(self._entries)
