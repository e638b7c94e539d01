"""The signing keys of a gateway: which one signs at a given time, and which ones are published."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hotgate.keys.signing_key import SigningKey

JWKS_MEDIA_TYPE = "application/jwk-set+json"  # RFC 7517 §8.5.2
JWKS_MAX_AGE = 300  # seconds for which backends may keep the published set


@dataclass(frozen=True, slots=True)
class RingKey:
    """A key that signs from `signs_from` (epoch seconds) until the next one does."""

    key: SigningKey
    signs_from: float


class KeyRing:
    """Immutable. keys: by the time from which they sign. jwks: the published set (RFC 7517 §5), encoded.

    Everybody who has the ring knows when the next key begins to sign: nobody must be told at that moment.
    """

    __slots__ = ("jwks", "keys")

    def __init__(self, keys: Iterable[RingKey]) -> None:
        """keys: at least one. Raises ValueError."""
        self.keys = tuple(sorted(keys, key=lambda each: each.signs_from))
        if not self.keys:
            raise ValueError("a ring needs a key")
        self.jwks = json.dumps({"keys": [each.key.public_jwk for each in self.keys]}).encode("ascii")

    @classmethod
    def of_given(cls, pems: Iterable[str]) -> "KeyRing":
        """A ring of keys that somebody else looks after: the first signs, the others are published only."""
        return cls(RingKey(SigningKey.from_pem(pem), -float(index)) for index, pem in enumerate(pems))

    @classmethod
    def from_message(cls, message: Iterable[Mapping[str, Any]]) -> "KeyRing":
        """What `message` gave. Raises KeyError, TypeError or ValueError."""
        return cls(RingKey(SigningKey.from_pem(each["pem"]), float(each["signs_from"])) for each in message)

    @property
    def message(self) -> list[dict[str, Any]]:
        """The ring with its secrets, as JSON types."""
        return [{"pem": each.key.pem, "signs_from": each.signs_from} for each in self.keys]

    def signing_at(self, now: float) -> SigningKey:
        """The key that signs; the first one even before its time, for a clock that was set back must stop nothing."""
        begun = [each.key for each in self.keys if each.signs_from <= now]
        return begun[-1] if begun else self.keys[0].key

    def next_change(self, now: float) -> float:
        """When another key begins to sign (epoch seconds)."""
        return min((each.signs_from for each in self.keys if each.signs_from > now), default=math.inf)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, KeyRing):
            return NotImplemented
        return self._schedule == other._schedule

    def __hash__(self) -> int:
        return hash(self._schedule)

    @property
    def _schedule(self) -> tuple[tuple[str, float], ...]:
        return tuple((each.key.kid, each.signs_from) for each in self.keys)


class RingHolder:
    """ring: the one in force, for those who must notice that it is replaced; None when the gateway signs nothing."""

    __slots__ = ("ring",)

    def __init__(self) -> None:
        self.ring: KeyRing | None = None
