"""Sessions that were opened already, so that the same cookie again costs one digest and one look-up."""

from collections import OrderedDict
from hashlib import sha256

from hotgate.http.headers import Field
from hotgate.identity.principal import Principal
from hotgate.identity.sessions.session import Session
from hotgate.identity.tokens.revocations import Revocations
from hotgate.store.errors import StoreUnavailable

MAX_ENTRIES = 10_000  # sessions in use at the same time, of one entry; others are opened again
_PATIENCE = 10.0  # seconds for which a session goes on when nobody can say more of it


class CachedSession:
    """look_at: when it must be looked at again (epoch seconds): to be renewed, or because its time is up.

    seen: when it was last used, as far as it was noted. fields: what every answer to the same cookie carries, because
    the browser has an older one. version: of the revocations when they were last asked.
    """

    __slots__ = ("_created", "_sid", "_subject", "ends", "fields", "look_at", "principal", "seen", "version")

    def __init__(
        self,
        session: Session,
        principal: Principal,
        *,
        look_at: float,
        version: int,
        fields: tuple[Field, ...] = (),
    ) -> None:
        self.principal = principal
        self.look_at = look_at
        self.ends = session.absolute_end
        self.seen = session.seen
        self.fields = fields
        self.version = version
        self._subject, self._sid, self._created = session.subject, session.sid, session.created

    def is_revoked(self, revocations: Revocations) -> bool:
        """Whether it was ended: itself, all of its user until some time, or the provider's session. Raises
        StoreUnavailable."""
        principal = self.principal
        return revocations.is_revoked(
            principal.provider, principal.credential, self._subject, self._sid, None, self._created
        )


class SessionCache:
    """By the SHA-256 of the cookie: a session's cookies may have 15 KiB, and there are thousands of sessions.

    idle: seconds without use that end a session.
    """

    __slots__ = ("_entries", "_idle", "_max_entries", "_revocations")

    def __init__(self, revocations: Revocations, idle: float, max_entries: int = MAX_ENTRIES) -> None:
        self._entries: OrderedDict[bytes, CachedSession] = OrderedDict()
        self._revocations = revocations
        self._idle = idle
        self._max_entries = max_entries

    def get(self, cookie: bytes, now: float) -> CachedSession | None:
        """The session of these bytes, unless something must be looked at first. now: epoch seconds."""
        entry = self._entries.get(sha256(cookie).digest())
        if entry is None or now >= entry.look_at:
            return None
        if entry.version != self._revocations.version and not self._is_still_good(entry):
            return None
        return entry

    def put(self, cookie: bytes, entry: CachedSession) -> None:
        """Remember it. The oldest makes room."""
        key = sha256(cookie).digest()
        self._entries[key] = entry
        self._entries.move_to_end(key)
        if len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)

    def prolong(self, cookie: bytes, now: float) -> CachedSession | None:
        """The session that was known, for a little longer: who could say more of it does not answer."""
        entry = self._entries.get(sha256(cookie).digest())
        if entry is None or now >= min(entry.ends, entry.seen + self._idle) or not self._is_still_good(entry):
            return None
        entry.seen = now
        entry.look_at = min(now + _PATIENCE, entry.ends)
        return entry

    def drop(self, cookie: bytes) -> None:
        """Forget it."""
        self._entries.pop(sha256(cookie).digest(), None)

    def __len__(self) -> int:
        return len(self._entries)

    def _is_still_good(self, entry: CachedSession) -> bool:
        """Ask again, because something was revoked since; whoever cannot be asked says no."""
        version = self._revocations.version
        try:
            if entry.is_revoked(self._revocations):
                return False
        except StoreUnavailable:
            return False  # the session is looked at anew, and that says what is wrong
        entry.version = version
        return True
