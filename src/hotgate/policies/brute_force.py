"""Failed attempts to authenticate: counted, answered late, and at last not looked at any more (`brute_force:`)."""

import math
from collections.abc import Awaitable, Sequence
from hashlib import blake2b

from hotgate.http.request import Request
from hotgate.http.response import Response
from hotgate.identity.places.credential_source import CredentialSource
from hotgate.identity.refusal import CredentialRefused
from hotgate.limits.address_key import address_key
from hotgate.limits.brute_force.login_guard import LoginGuard
from hotgate.pipeline.exchange import Exchange

# Not guesses: nothing was sent, or what was sent is genuine and no longer, not yet or not here of use. Honest clients
# with an old token would be banned otherwise, and an attacker learns nothing from repeating one.
NO_GUESS = frozenset(
    {
        "token-missing",
        "token-expired",
        "token-not-yet-valid",
        "token-audience-mismatch",
        "token-client-unknown",
        "token-revoked",
        "token-already-used",
        "proof-outdated",
        "proof-replayed",  # also by a client that lost the answer and sends the same again
        "proof-nonce-required",
        "signature-expired",
        "signature-not-yet-valid",
        "signature-incomplete",
        "signature-replayed",
        "key-expired",
        "key-not-yet-valid",
        "key-revoked",
        "password-revoked",
        "certificate-expired",
        "certificate-unknown",  # the listener has verified whose it is; nobody named it here
    }
)


class FailureWatch:
    """Stands around the authentication of one route. sources: where its credentials may stand."""

    def __init__(self, guard: LoginGuard, sources: Sequence[CredentialSource]) -> None:
        self.bans = guard.bans
        self._guard = guard
        self._sources = tuple(sources)

    def banned(self, exchange: Exchange) -> Response | None:
        """The answer to a client that is banned. Ask only when there are bans."""
        until = self.bans.get(address_key(exchange.client))
        return None if until is None else _too_many(until - self._guard.now)

    def refused(self, exchange: Exchange, entry: str, response: Response) -> Response | Awaitable[Response]:
        """The refusal of an entry of `authenticate`, now or later. Only a 401 says that a credential is bad."""
        if response.status != 401:
            return response
        guard = self._guard
        guard.metrics.count(entry, response.code)
        if response.code in NO_GUESS or not guard.counts(exchange.client):
            return response
        seconds = guard.failed(exchange.client, claimed_credential(exchange.request, self._sources))
        if not seconds:
            return response
        if guard.waiting.is_full:
            return _too_many(seconds)
        guard.metrics.delayed += 1
        return _told_later(guard.waiting.enter(guard.now + seconds), response)


def claimed_credential(request: Request, sources: Sequence[CredentialSource]) -> str:
    """A name for what the client has sent: the public part of a key of ours, else a digest. Never the secret."""
    for source in sources:
        try:
            credential = source.read(request)
        except CredentialRefused:
            continue
        if credential:
            return _public_name(credential)
    return ""


def _public_name(credential: bytes) -> str:
    """`hg_<environment>_<id>_<secret>` has a name; all guesses of its secret are attempts on one key."""
    parts = credential[:128].split(b"_")
    if len(parts) == 4 and parts[0] == b"hg":
        return f"key {parts[2].decode('latin-1')}"
    return blake2b(credential, digest_size=16).hexdigest()


async def _told_later(waiting: Awaitable[None], response: Response) -> Response:
    await waiting
    return response


def _too_many(seconds: float) -> Response:
    return Response.problem(
        429,
        code="too-many-failures",
        detail="Too many bad credentials came from this address. Wait, and then send a good one.",
        headers={"retry-after": str(max(1, math.ceil(seconds)))},
    )
