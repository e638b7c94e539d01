"""Answers about tokens, kept for all workers: by digest, so that no token is, and within bounds."""

from collections import OrderedDict
from hashlib import sha256

from hotgate.control.oauth.introspection_answer import Introspected

MAX_BYTES = 32 * 1024 * 1024  # of one entry's answers


class KeptAnswers:
    """ttl, negative_ttl: seconds, for tokens that are good and for others, of which there are as many at most.

    A flood of tokens that are none pushes out no answer about one that is: for those nothing but a digest is kept.
    """

    def __init__(self, ttl: float, negative_ttl: float, max_entries: int, max_bytes: int = MAX_BYTES) -> None:
        self._ttls = {True: ttl, False: negative_ttl}
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: dict[bool, OrderedDict[bytes, tuple[float, Introspected]]] = {
            True: OrderedDict(),
            False: OrderedDict(),
        }

    def get(self, token: str, now: float) -> tuple[Introspected, float] | None:
        """What is known of a token, and for how many seconds more. now: monotonic seconds."""
        digest = sha256(token.encode()).digest()
        for kept in self._kept.values():
            if digest in kept:
                until, answer = kept[digest]
                if now < until:
                    return answer, until - now
                self._drop(digest, is_active=answer.is_active)
        return None

    def put(self, token: str, answer: Introspected, now: float, wall_now: float) -> float:
        """Keep, never past its `exp` (wall_now: epoch seconds). Returns for how many seconds."""
        seconds = self._ttls[answer.is_active]
        if answer.expires is not None:
            seconds = min(seconds, answer.expires - wall_now)
        if seconds <= 0:
            return 0.0
        digest = sha256(token.encode()).digest()
        self._drop(digest, is_active=True)
        self._drop(digest, is_active=False)
        kept = self._kept[answer.is_active]
        kept[digest] = now + seconds, answer
        self._bytes += _size(answer)
        while len(kept) > self._max_entries or self._bytes > self._max_bytes:
            self._drop(next(iter(kept)), is_active=answer.is_active)
        return seconds

    def __len__(self) -> int:
        return sum(map(len, self._kept.values()))

    def _drop(self, digest: bytes, *, is_active: bool) -> None:
        if (entry := self._kept[is_active].pop(digest, None)) is not None:
            self._bytes -= _size(entry[1])


def _size(answer: Introspected) -> int:
    return len(answer.claims) + len(answer.jwt)
