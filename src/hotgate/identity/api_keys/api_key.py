"""API keys that the configuration lists: only their digests are known, and a presented key is looked up by its own.

SHA-256 without salt or stretching is right here because a key is random and long: nobody can guess it, so there is
nothing to slow down. It would be wrong for passwords.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused

MIN_LENGTH = 8  # bytes
MAX_LENGTH = 512


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One known key. key_id: its name, fit for logs. digest: SHA-256 of the key. The times are epoch seconds."""

    key_id: str
    digest: bytes
    principal: Principal
    not_before: float | None = None
    expires: float | None = None
    is_revoked: bool = False


class ApiKeys:
    """The keys of one provider, by digest. Raises ValueError for two keys with one id or one digest."""

    def __init__(self, keys: Iterable[ApiKey]) -> None:
        self._by_digest: dict[bytes, ApiKey] = {}
        ids: set[str] = set()
        for key in keys:
            if key.key_id in ids:
                raise ValueError(f"two keys have the id {key.key_id!r}")
            if key.digest in self._by_digest:
                raise ValueError(f"{self._by_digest[key.digest].key_id!r} and {key.key_id!r} are the same key")
            ids.add(key.key_id)
            self._by_digest[key.digest] = key

    def __bool__(self) -> bool:
        return bool(self._by_digest)

    def verify(self, presented: bytes, now: float) -> Principal | None:
        """Whose key this is at `now` (epoch seconds); None: nobody's. Raises CredentialRefused.

        Nothing is cached: the digest costs half a microsecond, and so no key stays in memory.
        """
        if not MIN_LENGTH <= len(presented) <= MAX_LENGTH:
            raise unknown_key("not 8 to 512 bytes long")
        found = sha256(presented).digest()
        key = self._by_digest.get(found)
        # The dict has compared digests already, not secrets; the second comparison keeps that promise on its own.
        if key is None or not hmac.compare_digest(key.digest, found):
            return None
        if key.is_revoked or key.expires is not None or key.not_before is not None:
            _check_validity(key, now)
        return key.principal


def unknown_key(log_detail: str) -> CredentialRefused:
    """The refusal of what is no key, or nobody's: the same whatever is wrong with it, except in the log."""
    return CredentialRefused("key-unknown", log_detail)


def digest(key: str) -> str:
    """What the configuration holds instead of the key: SHA-256 in lower-case hex.

    Raises ValueError for a key that could not be sent: 8 to 512 characters of visible ASCII.
    """
    if not MIN_LENGTH <= len(key) <= MAX_LENGTH:
        raise ValueError(f"a key has {MIN_LENGTH} to {MAX_LENGTH} characters")
    if not all("!" <= character <= "~" for character in key):
        raise ValueError("a key is made of visible ASCII characters")
    return sha256(key.encode("ascii")).hexdigest()


def _check_validity(key: ApiKey, now: float) -> None:
    if key.is_revoked:
        raise CredentialRefused("key-revoked", f"key {key.key_id!r}")
    if key.expires is not None and now >= key.expires:
        raise CredentialRefused("key-expired", f"key {key.key_id!r}")
    if key.not_before is not None and now < key.not_before:
        raise CredentialRefused("key-not-yet-valid", f"key {key.key_id!r}")
