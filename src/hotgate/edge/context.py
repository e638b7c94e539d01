"""What all connections of a worker share. Everything that a reload replaces is in `snapshot`."""

import asyncio
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hotgate.edge.admission import Admission
from hotgate.edge.open_tunnels import OpenTunnels
from hotgate.edge.request_rules import RequestRules
from hotgate.edge.shed import ToldToWait
from hotgate.edge.tls_listener import TlsListener
from hotgate.http.forwarded import TrustedProxies
from hotgate.observe.access_record import AccessRecord
from hotgate.observe.handshakes import Handshakes
from hotgate.observe.log import security_event
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.route import Route
from hotgate.pipeline.shedding import Shedding
from hotgate.routing.table import RouteTable
from hotgate.upstream.outbox import Outbox


class Connection(Protocol):
    """A client's connection as the tick and the drain see it. is_busy: an exchange is under way."""

    @property
    def is_busy(self) -> bool: ...

    def check(self, now: float) -> None: ...

    def drain(self) -> None: ...

    def abort(self) -> None: ...

    def follow_terms(self) -> None:
        """End in good time if the listener would not take it any more as it was taken."""

    def make_room(self) -> None:
        """End in good time if no exchange is under way: places for connections are running out."""


@dataclass(frozen=True, slots=True)
class ClientTimeouts:
    """Seconds. first_byte: of a new connection. head: from its first byte to its last. idle: between requests.

    body: without a byte either way. body_rate, read_rate: bytes per second that a client must send of a body, and take
    of an answer, after grace seconds; 0 for any. handshake: from a new connection to the end of its TLS handshake.
    linger: how long a connection that is being closed may still send, so that the client reads its answer first.
    last_request: how long an idle connection is kept during a drain; a request that comes by then is still served.
    """

    first_byte: float = 10.0
    head: float = 15.0
    idle: float = 75.0
    body: float = 30.0
    grace: float = 5.0
    body_rate: int = 240
    read_rate: int = 240
    policy: float = 30.0
    linger: float = 2.0
    last_request: float = 1.0
    handshake: float = 10.0


@dataclass(frozen=True, slots=True)
class ListenerRules:
    """What a reload may change of a listener; its address and name cannot, without new workers.

    tls: None for a plain one. https_port: where every request is redirected to; None: they are served.
    proxy_sources: who must send the header of the PROXY protocol; None: it is not spoken here. terms: the settings that
    say what is asked of clients and believed of them; equal if they are the same.
    """

    trusted_proxies: TrustedProxies
    tls: TlsListener | None = None
    https_port: int | None = None
    proxy_sources: TrustedProxies | None = None
    terms: object = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One compiled configuration. unmatched: stands in for a route when none matches. listeners: by name."""

    table: RouteTable[Route]
    unmatched: Route
    rules: RequestRules = field(default_factory=RequestRules)
    timeouts: ClientTimeouts = field(default_factory=ClientTimeouts)
    listeners: Mapping[str, ListenerRules] = field(default_factory=dict)
    max_connections: int = 20_000
    max_connections_per_address: int = 10_000
    max_requests: int = 10_000
    request_buffer: int = 16 * 1024


class EdgeContext:
    """now: coarse monotonic seconds, set by the tick. date: the `Date` field's value, likewise.

    snapshot: set before the first connection. log: takes an access record; None: no access log. accepted: connections
    so far, TLS ones once their handshake is done. admission: which of them were served. drained_at: when a drain that
    is under way ends. emptied: set when the last connection is gone during it. tunnels: those that are open.
    shedding: who refuses requests while the worker has too much to do, otherwise None; told_to_wait: whom it has
    refused. ends_connections: whether each
    answer is the last of its connection.
    """

    __slots__ = (
        "accepted",
        "admission",
        "connections",
        "date",
        "drained_at",
        "draining",
        "emptied",
        "ends_connections",
        "handshakes",
        "log",
        "now",
        "outbox",
        "shedding",
        "snapshot",
        "told_to_wait",
        "tunnels",
    )

    def __init__(
        self,
        *,
        now: float,
        log: Callable[[AccessRecord], None] | None = None,
        outbox: Outbox | None = None,
        admission: Admission | None = None,
        handshakes: Handshakes | None = None,
    ) -> None:
        self.snapshot: Snapshot
        self.now = now
        self.log = log
        self.accepted = 0
        self.admission = admission or Admission()
        self.date = b""
        self.connections: dict[Connection, None] = {}  # in the order in which they came
        self.handshakes = handshakes or Handshakes()
        self.draining = self.ends_connections = False
        self.shedding: Shedding | None = None
        self.told_to_wait = ToldToWait()
        self.drained_at = now
        self.emptied = asyncio.Event()
        self.outbox = outbox or Outbox()
        self.tunnels = OpenTunnels()

    def forget(self, connection: Connection) -> None:
        """A connection is gone."""
        self.connections.pop(connection, None)
        self.told_to_wait.discard(connection)
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
