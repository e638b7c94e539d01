"""A Valkey (or Redis) server, asked with bounds: time-outs, a bounded pool, a breaker. Nothing shows its password."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from hotgate.store.errors import StoreUnavailable
from hotgate.store.sessions.breaker import Breaker

CONNECTIONS = 16
CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 1.0  # with the one for connecting less than a worker waits (`policies/oidc/asking.py`)

_SCHEMES = {"valkey": "redis", "valkeys": "rediss"}  # what redis-py calls them


class ValkeyConnection:
    """url: `valkey://user:password@host:6379/0`, `valkeys://…` with TLS (verified), `unix:///path`; nothing connects
    before the first question, and connections that broke are made anew. answer: seconds that a question may wait."""

    def __init__(
        self, url: str, clock: Callable[[], float] = time.monotonic, *, answer: float = ANSWER_SECONDS
    ) -> None:
        scheme, *rest = urlsplit(url)
        pool = BlockingConnectionPool.from_url(
            urlunsplit((_SCHEMES.get(scheme, scheme), *rest)),
            max_connections=CONNECTIONS,
            timeout=answer,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=answer,
            # One more try, at once, for a connection that the server has closed meanwhile; the breaker does the rest.
            retry=Retry(NoBackoff(), 1),
        )
        self._client = Redis.from_pool(pool)
        self._breaker = Breaker(clock)
        self._longest = CONNECT_SECONDS + answer

    @asynccontextmanager
    async def asked(self) -> AsyncIterator[Any]:
        """The client, for questions; it answers in bytes, which its types do not know.

        Raises StoreUnavailable, and whatever the driver raises becomes that.
        """
        self._breaker.check()
        try:
            async with asyncio.timeout(self._longest):
                yield self._client
        except (RedisError, OSError, TimeoutError) as error:
            self._breaker.failed()
            # The kind is enough: a server's text may quote what it was sent.
            raise StoreUnavailable(f"Valkey does not answer: {type(error).__name__}") from None
        self._breaker.succeeded()

    async def close(self) -> None:
        """Hang up."""
        await self._client.aclose()
