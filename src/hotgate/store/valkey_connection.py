"""A Valkey (or Redis) server, several behind sentinels, or a cluster, asked with bounds: time-outs, a number of
questions at once, a breaker. Nothing shows its password.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.connection import SSLConnection, parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException, RedisError

from hotgate.config.valkey import Valkey
from hotgate.store.breaker import Breaker
from hotgate.store.errors import StoreUnavailable

CONNECTIONS = 16
CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 1.0  # with the one for connecting less than a worker waits (`policies/oidc/asking.py`)

_SCHEMES = {"valkey": "redis", "valkeys": "rediss"}  # what redis-py calls them


@dataclass(frozen=True, slots=True)
class Servers:
    """url: `valkey://user:password@host:6379/0`, `valkeys://…` with TLS (verified), `unix:///path`. is_cluster: it is
    of one node of a cluster. sentinels: who knows the primary, (host, port) of each; the host of the URL is the name of
    the service then. sentinel_password: theirs, if they have one.
    """

    url: str = field(repr=False)
    is_cluster: bool = False
    sentinels: Sequence[tuple[str, int]] = ()
    sentinel_password: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, settings: Valkey) -> "Servers":
        """Those of the configuration."""
        url, sentinel = settings.url.reveal(), settings.sentinel
        if sentinel is None:
            return cls(url, settings.cluster)
        password = None if sentinel.password is None else sentinel.password.reveal()
        return cls(url, sentinels=tuple(sentinel.addresses), sentinel_password=password)


class ValkeyConnection:
    """Nothing connects before the first question, and connections that broke are made anew. connect, answer: seconds
    that each may take.
    """

    def __init__(
        self,
        servers: Servers,
        clock: Callable[[], float] = time.monotonic,
        *,
        connect: float = CONNECT_SECONDS,
        answer: float = ANSWER_SECONDS,
    ) -> None:
        self._closing = AsyncExitStack()
        self._client = _client(servers, connect, answer, self._closing)
        self._breaker = Breaker(clock)
        # Questions queue here: of the driver's pools only one kind waits for a connection, and none of a cluster does.
        self._turns = asyncio.Semaphore(CONNECTIONS)
        self._longest = connect + answer

    @asynccontextmanager
    async def asked(self) -> AsyncIterator[Any]:
        """The client, for questions; it answers in bytes, which its types do not know.

        Raises StoreUnavailable, and whatever the driver raises becomes that.
        """
        self._breaker.check()
        try:
            async with asyncio.timeout(self._longest), self._turns:
                yield self._client
        except (RedisError, RedisClusterException, OSError, TimeoutError, AttributeError) as error:
            # AttributeError: the driver, when a cluster that is down has it hang up connections that others are using.
            self._breaker.failed()
            # The kind is enough: a server's text may quote what it was sent.
            raise StoreUnavailable(f"Valkey does not answer: {_kind(error)}") from None
        self._breaker.succeeded()

    async def close(self) -> None:
        """Hang up."""
        await self._closing.aclose()


def _kind(error: Exception) -> str:
    """The driver's name for it, and the server's code such as WRONGTYPE if the text begins with one."""
    code = str(error).partition(" ")[0]
    return f"{type(error).__name__} {code}" if code.isalpha() and code.isupper() else type(error).__name__


def _client(servers: Servers, connect: float, answer: float, closing: AsyncExitStack) -> Any:
    scheme, *rest = urlsplit(servers.url)
    url = urlunsplit((_SCHEMES.get(scheme, scheme), *rest))
    options: dict[str, Any] = {
        "max_connections": CONNECTIONS,
        "socket_connect_timeout": connect,
        "socket_timeout": answer,
        # One more try, at once, for a connection that the server has closed meanwhile; the breaker does the rest.
        "retry": Retry(NoBackoff(), 1),
    }
    if servers.is_cluster:
        # With every fifth slot that moved the driver would hang up everywhere, on calls under way too, to ask who has
        # which now. It follows each move by itself, and asks anew when a server is gone.
        options["reinitialize_steps"] = 0
        cluster = RedisCluster.from_url(url, require_full_coverage=False, **options)
        closing.push_async_callback(_leave, cluster)
        return cluster
    if servers.sentinels:
        client = _behind_sentinels(servers, url, options, closing)
    else:
        client = Redis.from_pool(ConnectionPool.from_url(url, **options))
    closing.push_async_callback(client.aclose)
    return client


async def _leave(cluster: Any) -> None:
    """Its own `aclose` leaves everything open while the driver means to ask anew who is in the cluster."""
    await cluster.aclose()
    await cluster.nodes_manager.aclose()
    await cluster.nodes_manager.aclose("startup_nodes")


def _behind_sentinels(servers: Servers, url: str, options: dict[str, Any], closing: AsyncExitStack) -> Any:
    own: dict[str, Any] = dict(parse_url(url))
    service = str(own.pop("host"))
    own.pop("port", None)
    if own.pop("connection_class", None) is SSLConnection:
        own["ssl"] = options["ssl"] = True
    known = {**options, "password": servers.sentinel_password}
    sentinel: Any = Sentinel(servers.sentinels, sentinel_kwargs=known)  # type: ignore[no-untyped-call]
    for each in sentinel.sentinels:  # they are not closed with the client of the primary
        closing.push_async_callback(each.aclose)
    return sentinel.master_for(service, redis_class=Redis, **{**options, **own})
