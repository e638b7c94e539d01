"""Answers with metadata for clients that have no token yet, and for pages in browsers: anybody may read it."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from hotgate.http.headers import Field, Headers
from hotgate.http.response import Response
from hotgate.keys.key_ring import RingHolder
from hotgate.keys.signing_key import SigningKey
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.route import Outcome, Step

ABOUT = "issuer_metadata"
METHODS = frozenset({"GET", "OPTIONS"})
MAX_AGE = 300  # seconds that clients may keep it
FRESH = 60.0  # seconds until a worker asks again for metadata of others
FAILED = 5.0  # the same, when it could not be had
PATIENCE = 5.0  # seconds that a request may wait for it

# Clients of MCP send MCP-Protocol-Version with it, for which a browser asks first (Fetch standard, CORS).
_FOR_ALL: tuple[Field, ...] = ((b"access-control-allow-origin", b"*"),)
_PREFLIGHT: tuple[Field, ...] = (
    *_FOR_ALL,
    (b"access-control-allow-methods", b"GET"),
    (b"access-control-allow-headers", b"*"),
    (b"access-control-max-age", b"86400"),
)
_DOCUMENT: tuple[Field, ...] = (
    *_FOR_ALL,
    (b"content-type", b"application/json"),
    (b"cache-control", b"public, max-age=%d" % MAX_AGE),
    (b"x-content-type-options", b"nosniff"),
)


def encoded(members: Mapping[str, Any]) -> bytes:
    """A document, as people may read it too."""
    return json.dumps(members, indent=2).encode()


def answering(members: Mapping[str, Any]) -> Step:
    """Answers with a document that never changes."""
    document = encoded(members)

    def answer(exchange: Exchange) -> Response:
        return _preflight() if exchange.request.method == "OPTIONS" else _document(document)

    return answer


class SignedMetadata:
    """Answers with a document, and with the same in signed form (RFC 9728 §2.2), made anew when another key signs.

    issuer: who vouches for it. clock: epoch seconds.
    """

    def __init__(
        self, members: Mapping[str, Any], issuer: str, signing: RingHolder, clock: Callable[[], float] = time.time
    ) -> None:
        self._members = members
        self._issuer = issuer
        self._signing = signing
        self._clock = clock
        self._document = b""
        self._key: SigningKey | None = None

    def __call__(self, exchange: Exchange) -> Response:
        """The document, a preflight's answer, or 503 as long as the worker has no key."""
        if exchange.request.method == "OPTIONS":
            return _preflight()
        ring = self._signing.ring
        if ring is None:
            return _unavailable("the worker has no signing key")
        key = ring.signing_at(self._clock())
        if key is not self._key:
            self._key, self._document = key, self._signed(key)
        return _document(self._document)

    def _signed(self, key: SigningKey) -> bytes:
        claims = {**self._members, "iss": self._issuer, "iat": int(self._clock())}
        return encoded({**self._members, "signed_metadata": key.signed("JWT", claims).decode("ascii")})


class IssuerMetadataAnswer:
    """Answers with the metadata of an authorization server (RFC 8414), as the control process knows it.

    Anybody may ask, so what is known is kept here, and one question serves all who wait; an older document is better
    than none. clock: monotonic seconds.
    """

    def __init__(
        self, issuer: str, ask: Callable[..., Awaitable[Any]] | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._issuer = issuer
        self._ask = ask
        self._clock = clock
        self._known = b""
        self._until = 0.0
        self._flight: asyncio.Task[None] | None = None

    def __call__(self, exchange: Exchange) -> Outcome | Awaitable[Outcome]:
        """The document, a preflight's answer, or 503."""
        if exchange.request.method == "OPTIONS":
            return _preflight()
        if self._clock() < self._until:
            return self._answer()
        return self._answer_later()

    async def _answer_later(self) -> Outcome:
        if self._flight is None:
            self._flight = asyncio.create_task(self._refresh())
        await asyncio.shield(self._flight)  # one client that goes away does not end it for the others
        return self._answer()

    async def _refresh(self) -> None:
        try:
            if self._ask is not None:
                found = await self._ask(ABOUT, {"issuer": self._issuer}, wait=PATIENCE)
                self._known = encoded(found)
                self._until = self._clock() + FRESH
        except Exception:  # noqa: BLE001  (runtime's Unanswered, which is defined above this package)
            self._until = self._clock() + FAILED
        finally:
            self._flight = None

    def _answer(self) -> Response:
        if self._known:
            return _document(self._known)
        return _unavailable("nothing is known of the authorization server yet")


def _document(document: bytes) -> Response:
    return Response(200, Headers(list(_DOCUMENT)), document)


def _unavailable(reason: str) -> Response:
    return Response.problem(
        503,
        code="metadata-unavailable",
        detail="The metadata is not available yet.",
        headers={"retry-after": str(int(FAILED)), "access-control-allow-origin": "*"},
        log_detail=reason,
    )


def _preflight() -> Response:
    return Response(204, Headers(list(_PREFLIGHT)))
