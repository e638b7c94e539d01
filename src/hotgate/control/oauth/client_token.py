"""A token of the gateway's own (RFC 6749 §4.4): fetched once for all workers, and renewed before it expires."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable

from hotgate.control.download import FetchFailed
from hotgate.control.oauth.good_token import GoodToken, TokenUnavailable
from hotgate.control.oauth.issued_token import IssuedToken, TokenRefused
from hotgate.control.oauth.retreat import Retreat
from hotgate.policies.outgoing.shown_token import fingerprint

_logger = logging.getLogger(__name__)

FORCED_INTERVAL = 10.0  # seconds between two fetches because a backend has refused the token
_SOONEST = 1.0  # seconds; whatever lifetime the server gives, it is not asked more often
_JITTER = 0.1


class ClientToken:
    """fetch: asks the server; raises FetchFailed, TokenRefused. `start` it; one request is under way at most.

    name: for the log. clock: monotonic seconds. sleep: waits; injected so that tests need not.
    """

    def __init__(
        self,
        name: str,
        fetch: Callable[[], Awaitable[IssuedToken]],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._name = name
        self._fetch = fetch
        self._clock = clock
        self._sleep = sleep
        self._token: GoodToken | None = None
        self._flight: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._retreat = Retreat(clock)
        self._forced_at = float("-inf")
        self._asked = self._failed = 0

    def start(self) -> None:
        """Have a token from now on. Needs a running loop."""
        self._keeping = asyncio.get_running_loop().create_task(self._keep_fresh())

    async def stop(self) -> None:
        """End all background work."""
        tasks = [task for task in (self._keeping, self._flight) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def current(self, rejected: str = "") -> GoodToken:
        """A token that is good now; whoever finds none waits for it. Raises TokenUnavailable.

        rejected: `fingerprint` of one that a backend has refused. It is replaced, but not more often than every
        FORCED_INTERVAL: who can make a backend say 401 must not make us ask for tokens.
        """
        token = self._good_token()
        if token is None or self._is_to_replace(token, rejected):
            await self._renewed()
            token = self._good_token()
        if token is None:
            raise TokenUnavailable(self._retreat.reason or "no token yet", max(1.0, self._retreat.seconds_left))
        return token

    def state(self) -> dict[str, object]:
        """For the admin API; no secret. fetches: how often a token was asked for, failures: how often in vain."""
        token = self._good_token()
        return {
            "good_for_seconds": None if token is None else round(token.good_until - self._clock(), 1),
            "fetches": self._asked,
            "failures": self._failed,
            "last_error": self._retreat.reason or None,
        }

    def _good_token(self) -> GoodToken | None:
        token = self._token
        return token if token is not None and self._clock() < token.good_until else None

    def _is_to_replace(self, token: GoodToken, rejected: str) -> bool:
        now = self._clock()
        if rejected != fingerprint(token.value) or now - self._forced_at < FORCED_INTERVAL:
            return False
        self._forced_at = now
        return True

    async def _keep_fresh(self) -> None:
        while True:
            if self._due_in() <= 0:
                await self._renewed()
            # Many gateways that started together must not ask together: no need for a strong random number.
            await self._sleep(max(_SOONEST, self._due_in() * random.uniform(1 - _JITTER, 1)))  # noqa: S311

    def _due_in(self) -> float:
        renewal = 0.0 if self._token is None else self._token.renew_at - self._clock()
        return max(renewal, self._retreat.seconds_left)

    async def _renewed(self) -> None:
        """Wait for the request that is under way, or for a new one, unless the server is left alone."""
        if self._flight is None:
            if self._retreat.seconds_left:
                return
            self._flight = asyncio.get_running_loop().create_task(self._fly())
        await asyncio.wait({self._flight})  # whoever stops waiting does not end it for the others

    async def _fly(self) -> None:
        asked_at = self._clock()
        self._asked += 1
        try:
            self._token = GoodToken.issued(await self._fetch(), asked_at)
        except (FetchFailed, TokenRefused) as error:
            self._gone_wrong(str(error))
        except Exception:
            # One surprise must not end the renewal for good.
            _logger.exception("the token for upstream %s could not be fetched", self._name)
            self._gone_wrong("internal error, see the log")
        else:
            if self._retreat.reason:
                _logger.info("there is a token for upstream %s again", self._name)
            self._retreat.succeeded()
        finally:
            self._flight = None

    def _gone_wrong(self, reason: str) -> None:
        self._failed += 1
        if not self._retreat.reason:
            _logger.warning("no token for upstream %s: %s", self._name, reason)
        self._retreat.failed(reason)
