"""A client stays with its target by a cookie that the gateway issues.

The cookie holds a keyed hash of the target's name. Who does not know the key learns nothing from it, and cannot make
one that means anything but a target of this upstream.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hotgate.http.headers import Field
from hotgate.upstream.balance import Balancer, Choose
from hotgate.upstream.hash_key import cookie_of
from hotgate.upstream.target import Target

if TYPE_CHECKING:
    from hotgate.pipeline.exchange import Exchange

_ID_BYTES = 16


class Sticky:
    """cookie: its name. secret: the key of the hash. ttl: seconds, None for a session. otherwise: for other clients."""

    def __init__(self, cookie: str, secret: str, ttl: float | None, otherwise: Balancer) -> None:
        self._cookie = cookie.encode("ascii")
        self._secret = secret.encode()
        self._otherwise = otherwise
        self._ids: dict[str, bytes] = {}
        lifetime = b"" if ttl is None else b"; Max-Age=%d" % ttl
        self._attributes = b"; Path=/; HttpOnly; SameSite=Lax" + lifetime

    def __call__(self, targets: Sequence[Target]) -> Choose:
        """The balancer for these targets."""
        by_id = {self._id(target): target for target in targets}
        otherwise = self._otherwise(targets)

        def choose(exchange: "Exchange | None") -> Target:
            target = None if exchange is None else by_id.get(cookie_of(exchange, self._cookie) or b"")
            return target or otherwise(exchange)

        return choose

    def new_cookie(self, exchange: "Exchange", target: Target) -> Field | None:
        """The `Set-Cookie` field for an answer of this target; None if the client has that cookie already."""
        value = self._id(target)
        if cookie_of(exchange, self._cookie) == value:
            return None
        secure = b"; Secure" if exchange.request.scheme == "https" else b""
        return b"set-cookie", b"%b=%b%b%b" % (self._cookie, value, self._attributes, secure)

    def _id(self, target: Target) -> bytes:
        """Kept by name, for every answer asks for one."""
        known = self._ids.get(target.name)
        if known is None:
            digest = hmac.digest(self._secret, target.name.encode(), "sha256")
            known = self._ids[target.name] = urlsafe_b64encode(digest[:_ID_BYTES]).rstrip(b"=")
        return known
