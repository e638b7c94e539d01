"""Credentials that were refused a moment ago, so that who sends one again and again asks nobody again and again."""

from collections import OrderedDict
from hashlib import sha256

from hotgate.identity.refusal import CredentialRefused

MAX_ENTRIES = 10_000


class RefusedTokens:
    """ttl: seconds. Kept apart from tokens that are good, so that a flood of bad ones pushes out none of them.

    Only digests are kept: a token that is refused here may be good elsewhere.
    """

    def __init__(self, ttl: float, max_entries: int = MAX_ENTRIES) -> None:
        self._ttl = ttl
        self._max_entries = max_entries
        self._entries: OrderedDict[bytes, tuple[float, str, str]] = OrderedDict()

    def check(self, token: bytes, now: float) -> None:
        """Raises CredentialRefused as the token was refused before."""
        digest = sha256(token).digest()
        entry = self._entries.get(digest)
        if entry is None:
            return
        until, code, log_detail = entry
        if until - self._ttl <= now < until:  # a clock that was set back must not keep a token out for ever
            raise CredentialRefused(code, log_detail)
        del self._entries[digest]

    def add(self, token: bytes, refusal: CredentialRefused, now: float) -> None:
        """Remember; the oldest make room."""
        if not self._ttl:
            return
        digest = sha256(token).digest()
        self._entries.pop(digest, None)
        self._entries[digest] = now + self._ttl, refusal.code, refusal.log_detail
        while len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)

    def __len__(self) -> int:
        return len(self._entries)
