"""Callers' tokens, exchanged for tokens that are for one upstream (RFC 8693): once for all workers."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from hotgate.control.download import FetchFailed
from hotgate.control.oauth.good_token import GoodToken, TokenUnavailable
from hotgate.control.oauth.issued_token import IssuedToken, TokenRefused
from hotgate.control.oauth.retreat import Retreat
from hotgate.policies.outgoing.token_table import TokenTable

_log = logging.getLogger(__name__)

REFUSED_FOR = 10.0  # seconds for which a refusal is remembered: a caller who repeats itself changes nothing
MOST_FLIGHTS = 64  # exchanges under way; more would only queue at the server
_TOLERATED = 3  # failures one after another, after which the server is left alone for a while
# What the server says of the gateway, not of the caller's token (RFC 6749 §5.2): nothing is remembered of the caller.
# Not `invalid_scope`: it may exceed what this caller's token has, and one caller must not stop the others.
OF_THE_GATEWAY = frozenset({"invalid_client", "unauthorized_client", "unsupported_grant_type"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """token: None if it was refused, and why. good_until: monotonic seconds."""

    token: GoodToken | None = field(repr=False)
    refusal: str
    good_until: float

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return 256 if self.token is None else 256 + len(self.token.value)


class ExchangedTokens:
    """fetch: sends a form to the server; raises FetchFailed, TokenRefused. form: what all exchanges have in common.

    actor: gives a token of the gateway's own, or None if none is sent. name: of the upstream, for the log. clock:
    monotonic seconds.
    """

    def __init__(
        self,
        name: str,
        fetch: Callable[[Mapping[str, str]], Awaitable[IssuedToken]],
        form: Mapping[str, str],
        actor: Callable[[], Awaitable[GoodToken]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._fetch = fetch
        self._form = form
        self._actor = actor
        self._clock = clock
        self._table: TokenTable[Outcome] = TokenTable()
        self._flights: dict[bytes, asyncio.Task[Outcome]] = {}
        self._retreat = Retreat(clock, _TOLERATED)
        self._asked = self._failed = self._refused = 0

    async def exchanged(self, subject: str, good_for: float) -> GoodToken:
        """The token for a caller's, which is good for so many seconds. Raises TokenRefused, TokenUnavailable."""
        digest = self._table.digest(subject.encode("ascii"))
        outcome = self._table.get(digest, self._clock())
        if outcome is None:
            outcome = await asyncio.shield(self._flight(digest, subject, good_for))
        if outcome.token is None:
            raise TokenRefused(outcome.refusal)
        return outcome.token

    async def stop(self) -> None:
        """End what is under way."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def state(self) -> dict[str, object]:
        """For the admin API; no secret."""
        return {
            "kept": len(self._table),
            "fetches": self._asked,
            "failures": self._failed,
            "refusals": self._refused,
            "last_error": self._retreat.reason or None,
        }

    def _flight(self, digest: bytes, subject: str, good_for: float) -> "asyncio.Task[Outcome]":
        """The exchange of this token that is under way, or a new one. Raises TokenUnavailable."""
        flight = self._flights.get(digest)
        if flight is None:
            if wait := self._retreat.seconds_left:
                raise TokenUnavailable(self._retreat.reason, wait)
            if len(self._flights) >= MOST_FLIGHTS:
                raise TokenUnavailable("too many exchanges are under way")
            flight = self._flights[digest] = asyncio.get_running_loop().create_task(
                self._fly(digest, subject, good_for)
            )
            flight.add_done_callback(lambda done: self._landed(digest, done))
        return flight

    def _landed(self, digest: bytes, flight: "asyncio.Task[Outcome]") -> None:
        del self._flights[digest]
        if not flight.cancelled():
            flight.exception()  # whoever asked may have left: it is nobody's then

    async def _fly(self, digest: bytes, subject: str, good_for: float) -> Outcome:
        asked_at = self._clock()
        self._asked += 1
        try:
            issued = await self._fetch(await self._complete(subject))
            token = GoodToken.issued(issued, asked_at).until(asked_at + good_for)
            outcome = Outcome(token, "", token.good_until)
        except TokenRefused as refusal:
            outcome = self._refusal(refusal.code)
        except FetchFailed as error:
            raise self._gone_wrong(str(error)) from None
        self._is_there_again()
        self._table.put(digest, outcome)
        return outcome

    def _refusal(self, code: str) -> Outcome:
        if code in OF_THE_GATEWAY:
            raise self._gone_wrong(f"the authorization server refuses: {code}")
        self._refused += 1
        return Outcome(None, code, self._clock() + REFUSED_FOR)

    async def _complete(self, subject: str) -> dict[str, str]:
        form = {**self._form, "subject_token": subject}
        if self._actor is not None:
            form["actor_token"] = (await self._actor()).value
        return form

    def _gone_wrong(self, reason: str) -> TokenUnavailable:
        self._failed += 1
        if not self._retreat.reason:
            _log.warning("no token in exchange for upstream %s: %s", self._name, reason)
        self._retreat.failed(reason)
        return TokenUnavailable(reason, max(1.0, self._retreat.seconds_left))

    def _is_there_again(self) -> None:
        if self._retreat.reason:
            _log.info("tokens are exchanged again for upstream %s", self._name)
        self._retreat.succeeded()
