"""Who keeps to one side: the key of a request, by which `split` chooses. Nothing is remembered of anybody."""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable

from hotgate.identity.rights import NAMED_HERE
from hotgate.limits.address_key import address_key
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.releases.release_settings import StickyCookie
from hotgate.upstream.hash_key import cookie_of

KeyOf = Callable[[Exchange], bytes | None]
"""None: any side will do."""

_ID_BYTES = 12
_TAG_BYTES = 12


def sticking(sticky: str | StickyCookie) -> KeyOf:
    """The key that `release.sticky` names."""
    if isinstance(sticky, StickyCookie):
        lifetime = "" if sticky.ttl is None else f"; Max-Age={sticky.ttl:.0f}"
        return SideCookie(sticky.cookie, sticky.secret.reveal(), lifetime).key
    return {"principal": _principal, "consumer": _consumer, "none": _nobody}[sticky]


class SideCookie:
    """A random name for each client, with a tag by which only names of the gateway's own count.

    The name says nothing about a side: changing it leads nowhere that throwing it away would not.
    """

    def __init__(self, name: str, secret: str, lifetime: str) -> None:
        self._name = name.encode("ascii")
        self._secret = secret.encode()
        self._attributes = b"; Path=/; HttpOnly; SameSite=Lax" + lifetime.encode("ascii")

    def key(self, exchange: Exchange) -> bytes:
        """The client's name; a client without one is given one with the answer."""
        known = self._verified(cookie_of(exchange, self._name) or b"")
        return self._introduce(exchange) if known is None else known

    def _introduce(self, exchange: Exchange) -> bytes:
        name = secrets.token_bytes(_ID_BYTES)
        secure = b"; Secure" if exchange.request.scheme == "https" else b""
        cookie = b"%b=%b%b%b" % (self._name, urlsafe_b64encode(name + self._tag(name)), self._attributes, secure)
        exchange.add_answer_fields((b"set-cookie", cookie))
        return name

    def _verified(self, value: bytes) -> bytes | None:
        if len(value) != 4 * (_ID_BYTES + _TAG_BYTES) // 3:
            return None
        try:
            decoded = urlsafe_b64decode(value)
        except ValueError:
            return None
        name, tag = decoded[:_ID_BYTES], decoded[_ID_BYTES:]
        return name if hmac.compare_digest(tag, self._tag(name)) else None

    def _tag(self, name: bytes) -> bytes:
        return hmac.digest(self._secret, name, "sha256")[:_TAG_BYTES]


def _principal(exchange: Exchange) -> bytes:
    principal = exchange.principal
    if principal is None or principal.is_anonymous:  # guests are many: they must not all be on one side
        return address_key(exchange.client).encode("utf-8", "replace")
    return f"{principal.provider}\n{principal.subject}".encode("utf-8", "replace")


def _consumer(exchange: Exchange) -> bytes:
    """The same consumer whichever entry has recognised it; else the application that calls; else who calls."""
    principal = exchange.principal
    if principal is not None and principal.mechanism in NAMED_HERE:
        return f"consumer\n{principal.subject}".encode("utf-8", "replace")
    if principal is None or principal.client is None:
        return _principal(exchange)
    return f"{principal.provider}\nclient\n{principal.client}".encode("utf-8", "replace")


def _nobody(exchange: Exchange) -> None:
    return None
