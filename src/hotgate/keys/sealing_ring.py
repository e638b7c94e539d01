"""The keys that seal sessions: which one seals at a given time, and which ones still open."""

import secrets
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

KEY_BYTES = 32
# NIST SP 800-38D §8.3 allows 2^32 random nonces for a key: 49,000 seals a second, all day long.
PERIOD = 86400.0  # seconds that a key of the gateway's own seals
KNOWN_BEFORE = 60.0  # seconds; by then every worker knows it, so none meets a seal that it cannot open


class SealingKey(NamedTuple):
    """id: names it in what it has sealed, and tells nothing of it. seals_from: epoch seconds."""

    id: str
    secret: bytes
    seals_from: float

    @classmethod
    def generate(cls, seals_from: float) -> "SealingKey":
        """A new one."""
        return cls.of(secrets.token_bytes(KEY_BYTES), seals_from)

    @classmethod
    def of(cls, secret: bytes, seals_from: float) -> "SealingKey":
        """That of a secret, the same in every process that has it."""
        return cls(sha256(b"hotgate sealing key id\0" + secret).hexdigest()[:8], secret, seals_from)

    def __repr__(self) -> str:
        return f"<SealingKey {self.id}>"


class SealingRing:
    """Immutable. keys: by the time from which they seal; each seals until the next one does."""

    __slots__ = ("_by_id", "keys")

    def __init__(self, keys: Iterable[SealingKey]) -> None:
        """keys: at least one. Raises ValueError."""
        self.keys = tuple(sorted(keys, key=lambda each: each.seals_from))
        if not self.keys:
            raise ValueError("a ring needs a key")
        self._by_id = {each.id: each for each in self.keys}

    @classmethod
    def of_given(cls, texts: Iterable[str]) -> "SealingRing":
        """A ring of secrets that somebody else looks after: the first seals, the others only open."""
        digests = (sha256(b"hotgate sealing key\0" + text.encode()).digest() for text in texts)
        return cls(SealingKey.of(digest, -float(index)) for index, digest in enumerate(digests))

    @classmethod
    def from_message(cls, message: Iterable[Mapping[str, Any]]) -> "SealingRing":
        """What `message` gave. Raises KeyError, TypeError or ValueError."""
        return cls(SealingKey.of(_key_of(each["secret"]), float(each["seals_from"])) for each in message)

    @property
    def message(self) -> list[dict[str, Any]]:
        """The ring with its secrets, as JSON types."""
        return [{"secret": each.secret.hex(), "seals_from": each.seals_from} for each in self.keys]

    def sealing_at(self, now: float) -> SealingKey:
        """The key that seals; the first one even before its time, for a clock that was set back must stop nothing."""
        begun = [each for each in self.keys if each.seals_from <= now]
        return begun[-1] if begun else self.keys[0]

    def find(self, key_id: str) -> SealingKey | None:
        """The key of this id, whether or not it still seals."""
        return self._by_id.get(key_id)

    def turned(self, now: float, keep: float) -> "SealingRing":
        """The ring as it should be now: the next key is known before it seals, and goes when nothing that it has
        sealed counts any more. keep: seconds that a seal may have to be opened."""
        gone = sum(1 for follower in self.keys[1:] if follower.seals_from + keep <= now)
        keys = list(self.keys[gone:])
        newest = keys[-1].seals_from
        if newest <= now and now >= newest + PERIOD - KNOWN_BEFORE:
            keys.append(SealingKey.generate(now + KNOWN_BEFORE))
        return self if len(keys) == len(self.keys) and not gone else SealingRing(keys)


def _key_of(text: object) -> bytes:
    key = bytes.fromhex(str(text))
    if len(key) != KEY_BYTES:
        raise ValueError(f"a sealing key has {KEY_BYTES} bytes")
    return key


class SealingRingHolder:
    """ring: the one in force; None when the gateway has no sessions."""

    __slots__ = ("ring",)

    def __init__(self) -> None:
        self.ring: SealingRing | None = None
