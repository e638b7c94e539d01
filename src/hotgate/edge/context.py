"""What all connections of a worker share. Everything that a reload replaces is in `snapshot`."""

import asyncio
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hotgate.edge.request_rules import RequestRules
from hotgate.http.forwarded import TrustedProxies
from hotgate.observe.access_record import AccessRecord
from hotgate.observe.log import security_event
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.route import Route
from hotgate.routing.table import RouteTable
from hotgate.upstream.outbox import Outbox


class Connection(Protocol):
    """A client's connection as the tick and the drain see it. is_busy: an exchange is under way."""

    @property
    def is_busy(self) -> bool: ...

    def check(self, now: float) -> None: ...

    def drain(self) -> None: ...

    def abort(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ClientTimeouts:
    """Seconds. head: from its first byte to its last. idle: between requests. body: without a byte either way.

    linger: how long a connection that is being closed may still send, so that the client reads its answer first.
    last_request: how long an idle connection is kept during a drain; a request that comes by then is still served.
    """

    head: float = 15.0
    idle: float = 75.0
    body: float = 30.0
    policy: float = 30.0
    linger: float = 2.0
    last_request: float = 1.0


@dataclass(frozen=True, slots=True)
class ListenerRules:
    """What a reload may change of a listener; its address and name cannot, without new workers.

    proxy_sources: who must send the header of the PROXY protocol; None: it is not spoken here.
    """

    trusted_proxies: TrustedProxies
    proxy_sources: TrustedProxies | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One compiled configuration. unmatched: stands in for a route when none matches. listeners: by name."""

    table: RouteTable[Route]
    unmatched: Route
    rules: RequestRules = field(default_factory=RequestRules)
    timeouts: ClientTimeouts = field(default_factory=ClientTimeouts)
    listeners: Mapping[str, ListenerRules] = field(default_factory=dict)
    max_connections: int = 20_000


class EdgeContext:
    """now: coarse monotonic seconds, set by the tick. date: the `Date` field's value, likewise.

    snapshot: set before the first connection. log: takes an access record; None: no access log. accepted: connections
    so far. drained_at: when a drain that is under way ends. emptied: set when the last connection is gone during it.
    """

    __slots__ = (
        "accepted",
        "connections",
        "date",
        "drained_at",
        "draining",
        "emptied",
        "log",
        "now",
        "outbox",
        "snapshot",
    )

    def __init__(
        self, *, now: float, log: Callable[[AccessRecord], None] | None = None, outbox: Outbox | None = None
    ) -> None:
        self.snapshot: Snapshot
        self.now = now
        self.log = log
        self.accepted = 0
        self.date = b""
        self.connections: set[Connection] = set()
        self.draining = False
        self.drained_at = now
        self.emptied = asyncio.Event()
        self.outbox = outbox or Outbox()

    def forget(self, connection: Connection) -> None:
        """A connection is gone."""
        self.connections.discard(connection)
        if self.draining and not self.connections:
            self.emptied.set()

    def report_policy_failure(self, exchange: Exchange, error: BaseException) -> None:
        """Tell operators where a policy failed. Not what the error says: that may quote a credential."""
        frames = traceback.extract_tb(error.__traceback__)
        where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown"
        security_event(
            "policy-failed",
            route=exchange.route.name,
            request_id=exchange.request_id,
            error=type(error).__name__,
            where=where,
        )
