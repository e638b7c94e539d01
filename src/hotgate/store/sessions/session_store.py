"""What every place that sessions are kept in must do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hotgate.store.sessions.kept_session import KeptSession

MAX_PER_SUBJECT = 100  # sessions of one subject of one provider; the oldest makes room for one more
MAX_SESSIONS = 1_000_000  # of all subjects: some gigabytes, and far beyond what one gateway's users open in a day
MAX_PAGE = 1000


class SessionsFull(Exception):
    """There are as many sessions as may be kept: nobody can log in until some have ended."""


@dataclass(frozen=True, slots=True)
class SessionPage:
    """after: what the next page begins behind; None: this was the last."""

    sessions: Sequence[KeptSession]
    after: str | None


class SessionStore(Protocol):
    """Every method raises StoreUnavailable when the place cannot be asked. Times are epoch seconds.

    What has ended is never given out, whether `prune` has removed it or not.
    """

    async def create(self, session: KeptSession) -> None:
        """Keep it. Raises InvalidRecord, SessionsFull, and AlreadyExists for a digest that is there: nobody may plant
        a session under a cookie that somebody else will use."""

    async def load(self, provider: str, digest: bytes, now: float) -> KeptSession | None:
        """The session whose cookie has that digest; None for nobody's, or one that has ended."""

    async def replace(self, provider: str, digest: bytes, version: int, sealed: bytes) -> int | None:
        """Put another content in the place of that version. Returns the new version; None when another was faster, or
        there is no such session. Raises InvalidRecord."""

    async def touch(self, provider: str, used: Mapping[bytes, float], idle: float) -> None:
        """Note when sessions were last used, by digest; each lives for `idle` seconds more. Never backwards."""

    async def end(self, provider: str, digest: bytes) -> None:
        """Forget one; it may be gone already."""

    async def end_matching(
        self, provider: str, *, sid: str | None = None, subject: str | None = None, before: float | None = None
    ) -> int:
        """Forget all with that `sid`, that subject, or both where both are given. Returns how many there were.

        before: only those that were created earlier. With neither sid nor subject nothing is forgotten.
        """

    async def find(self, provider: str, session_id: str, now: float) -> KeptSession | None:
        """The session of that public name."""

    async def has_sid(self, provider: str, sid: str, now: float) -> bool:
        """Whether there is a session that the provider calls so."""

    async def list(self, provider: str, subject: str | None, now: float, after: str, limit: int) -> SessionPage:
        """At most `limit` (MAX_PAGE) sessions of a provider, or of one subject. after: that of the page before."""

    async def count(self) -> int:
        """How many are kept, ended ones that were not removed yet included."""

    async def prune(self, now: float) -> None:
        """Remove what has ended."""
