"""Introspection of tokens for all workers (RFC 7662): one call for each token, few at once, none to a server that is
down.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from hotgate.control.download import FetchFailed, failure_reason
from hotgate.control.judged_address import Place
from hotgate.control.oauth.endpoint_call import Answer
from hotgate.control.oauth.introspection_answer import AnswerReader, Introspected
from hotgate.control.oauth.kept_answers import KeptAnswers
from hotgate.identity.refusal import CredentialRefused, KeySetUnavailable
from hotgate.upstream.breaker import Breaker

AT_ONCE = 32  # calls to one server; more would wait for this process, not for the server, and seem to be its fault
MOST_WAITING = 1024  # tokens of one entry, of all workers
RETRY_AFTER = 5.0  # seconds

# Of the server, or of what it thinks of the gateway, whatever the token: it does not know us, or has enough of us.
_ADVICE = ": it does not know the gateway so; look at `client`"
_FAULTS = frozenset({401, 403, 404, 405, 429, *range(500, 600)})

Found = tuple[Introspected, float]  # and for how many seconds it may be believed
Post = Callable[[Place, dict[str, str], str], Awaitable[Answer]]


class Unavailable(Exception):
    """Nobody can say now what a token is worth. retry_after: seconds. result: for metrics."""

    def __init__(self, reason: str, result: str, retry_after: float = RETRY_AFTER) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.result = result


class Introspection:
    """One entry's server. endpoint: finds its address. post: makes the call. hint: the `token_type_hint`, or None.
    fresh_keys: has the issuer's keys fetched again. timeout: seconds to wait for a turn. clock: monotonic seconds.

    results: counts what came of the questions of workers.
    """

    def __init__(
        self,
        endpoint: Callable[[], Awaitable[Place]],
        post: Post,
        reader: AnswerReader,
        accept: str,
        kept: KeptAnswers,
        breaker: Breaker,
        *,
        fresh_keys: Callable[[], Awaitable[object]],
        hint: str | None = None,
        timeout: float = 2.0,
        results: Counter[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._endpoint = endpoint
        self._post = post
        self._reader = reader
        self._accept = accept
        self._kept = kept
        self._fresh_keys = fresh_keys
        self._hint = hint
        self._timeout = timeout
        self._clock = clock
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._flights: dict[str, asyncio.Task[Found | Unavailable]] = {}
        self.breaker = breaker
        self.results = results

    async def answer(self, token: str) -> dict[str, Any]:
        """What a worker is told: `active` (None: nobody knows, with `reason` and `retry_after`), `claims`, `jwt`, and
        for how many seconds (`keep`) that may be believed."""
        if (known := self._kept.get(token, self._clock())) is not None:
            self.results["cached"] += 1
            return _told(*known)
        found = await self._joined(token)
        if isinstance(found, Unavailable):
            return {"active": None, "reason": str(found), "retry_after": found.retry_after}
        return _told(*found)

    async def idle(self) -> None:
        """Wait until no call is under way; each has its time limits."""
        await asyncio.gather(*self._flights.values(), return_exceptions=True)

    async def stop(self) -> None:
        """End all calls."""
        for flight in self._flights.values():
            flight.cancel()
        await self.idle()

    async def _joined(self, token: str) -> Found | Unavailable:
        """The call about a token that is under way, or a new one."""
        flight = self._flights.get(token)
        if flight is None:
            if len(self._flights) >= MOST_WAITING:
                self.results["overload"] += 1
                return Unavailable("too many tokens wait to be introspected", "overload")
            flight = self._flights[token] = asyncio.create_task(self._fly(token))
            flight.add_done_callback(lambda _: self._flights.pop(token, None))
        return await asyncio.shield(flight)

    async def _fly(self, token: str) -> Found | Unavailable:
        try:
            found = await self._in_turn(token)
        except Unavailable as error:
            self.results[error.result] += 1
            return Unavailable(str(error), error.result, error.retry_after)  # without the frames that it has seen
        self.results["active" if found.is_active else "inactive"] += 1
        return found, self._kept.put(token, found, self._clock(), self._reader.now())

    async def _in_turn(self, token: str) -> Introspected:
        try:
            async with asyncio.timeout(self._timeout):
                await self._turns.acquire()
        except TimeoutError:
            raise Unavailable("its turn did not come in time", "overload") from None
        try:
            return await self._guarded(token)
        finally:
            self._turns.release()

    async def _guarded(self, token: str) -> Introspected:
        """The call, unless the server is left alone just now.

        An answer that makes no sense is a failure of this token alone: the token may be at fault, and whoever has such
        a one must not be able to open the circuit for all.
        """
        if not self.breaker.may_call():
            raise Unavailable("its issuer has failed too often", "circuit_open", self.breaker.seconds_left or 1.0)
        answer = await self._called(token)
        try:
            return await self._read(answer)
        except (FetchFailed, CredentialRefused, KeySetUnavailable) as error:
            raise Unavailable(f"its issuer's answer: {error}", "failed") from error

    async def _called(self, token: str) -> Answer:
        form = {"token": token}
        if self._hint is not None:
            form["token_type_hint"] = self._hint
        try:
            answer = await self._post(await self._endpoint(), form, self._accept)
            if answer.status in _FAULTS:
                raise FetchFailed(f"status {answer.status}{_ADVICE if answer.status in (401, 403) else ''}")
        except (FetchFailed, OSError, httpx.HTTPError) as error:
            reason = failure_reason(error)
            self.breaker.failed(reason)
            raise Unavailable(f"its issuer: {reason}", "failed") from error
        except BaseException:
            self.breaker.said_nothing()
            raise
        self.breaker.succeeded()
        return answer

    async def _read(self, answer: Answer) -> Introspected:
        """Once more with fresh keys, if the issuer has signed with a new one."""
        try:
            return self._reader.read(answer)
        except CredentialRefused as refusal:
            if refusal.code != "key-unknown":
                raise
        await self._fresh_keys()
        return self._reader.read(answer)


def _told(answer: Introspected, keep: float) -> dict[str, Any]:
    return {"active": answer.is_active, "claims": answer.claims, "jwt": answer.jwt, "keep": keep}
