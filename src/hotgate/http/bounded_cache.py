"""A memo for pure functions of untrusted input: a hit is one C-level dict look-up, and memory stays bounded."""

from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class BoundedCache(dict[bytes, Value], Generic[Value]):
    """`cache[key]` computes and remembers. Long keys are never remembered; a full cache starts afresh.

    max_bytes: of all keys together; by default what the other two bounds allow.

    A client that floods it with new keys only makes itself pay what it would pay without a cache. Whatever the
    function raises is raised and not remembered.
    """

    __slots__ = ("_bytes", "_function", "_max_bytes", "_max_entries", "_max_key_bytes")

    def __init__(
        self, function: Callable[[bytes], Value], *, max_entries: int, max_key_bytes: int, max_bytes: int | None = None
    ) -> None:
        super().__init__()
        self._function = function
        self._max_entries = max_entries
        self._max_key_bytes = max_key_bytes
        self._max_bytes = max_entries * max_key_bytes if max_bytes is None else max_bytes
        self._bytes = 0

    def __missing__(self, key: bytes) -> Value:
        value = self._function(key)
        if len(key) <= self._max_key_bytes:
            if len(self) >= self._max_entries or self._bytes + len(key) > self._max_bytes:
                self.clear()
                self._bytes = 0
            self._bytes += len(key)
            self[key] = value
        return value
