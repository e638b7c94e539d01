"""Who may use the admin API: the bearer tokens, and the names that the log has for their owners."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping

from hotgate.config.admin import ONLY_NAME
from hotgate.config.secret import Secret

_PREFIX = "hga_"  # leak scanners find it


class NoToken(Exception):
    """There is no token at all, so nobody may come in; the text says what operators can do about it."""


class AdminTokens:
    """configured: by name. kept: the token that the gateway made for itself, asked for each time when none is
    configured, so that another one counts at once. It raises NoToken.
    """

    def __init__(self, configured: Mapping[str, Secret], kept: Callable[[], bytes]) -> None:
        self._configured = {name: _digest(token.reveal().encode("ascii")) for name, token in configured.items()}
        self._kept = kept

    def owner(self, token: bytes) -> str:
        """The name of the token; "" if it is none of ours. Raises NoToken.

        Digests are compared, all of them and in constant time: neither length nor content shows in how long it takes.
        """
        known = self._configured or {ONLY_NAME: _digest(self._kept())}
        if not token:
            return ""
        shown, found = _digest(token), ""
        for name, digest in known.items():
            if hmac.compare_digest(digest, shown):
                found = name
        return found


def new_admin_token() -> bytes:
    """A token of 256 random bits, in base64url."""
    return f"{_PREFIX}{secrets.token_urlsafe(32)}".encode("ascii")


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
