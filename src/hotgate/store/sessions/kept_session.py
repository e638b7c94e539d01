"""One session of a login as it is kept: what it holds is sealed, what it is found and ended by is not."""

from dataclasses import dataclass, field

from hotgate.store.bounds import DIGEST_BYTES, MAX_NAME, MAX_VALUE
from hotgate.store.errors import InvalidRecord

MAX_SEALED = 64 * 1024  # bytes; a provider's tokens and the claims that are kept


@dataclass(frozen=True, slots=True)
class KeptSession:
    """provider: the entry under `identity`. digest: 32 bytes, of the secret in the cookie. id: its public name, under
    which it is revoked. sid: the provider's name for it. Times: epoch seconds. idle: seconds without use that end it.

    sealed: what only the cookie and the gateway's session key together open. version: counts the replacements of it.
    """

    provider: str
    digest: bytes = field(repr=False)
    id: str
    subject: str
    sid: str | None
    sealed: bytes = field(repr=False)
    created: float
    last_seen: float
    idle: float
    absolute_end: float
    version: int = 1

    @property
    def end(self) -> float:
        """When it is over unless it is used before."""
        return min(self.last_seen + self.idle, self.absolute_end)


def check_session(session: KeptSession) -> None:
    """Raises InvalidRecord for what would not fit both places, or could never be revoked."""
    if len(session.digest) != DIGEST_BYTES:
        raise InvalidRecord(f"digest must have {DIGEST_BYTES} bytes")
    check_sealed(session.sealed)
    for name in ("provider", "id"):
        value = getattr(session, name)
        if not 0 < len(value) <= MAX_NAME or not value.isprintable():
            raise InvalidRecord(f"{name} must be 1 to {MAX_NAME} printable characters")
    for value in (session.subject, session.sid):
        if value is not None and (not 0 < len(value) <= MAX_VALUE or "\0" in value):
            raise InvalidRecord(f"subject and sid must be 1 to {MAX_VALUE} characters without NUL")


def check_sealed(sealed: bytes) -> None:
    """Raises InvalidRecord for more than is kept."""
    if len(sealed) > MAX_SEALED:
        raise InvalidRecord(f"a session may have at most {MAX_SEALED} bytes")
