"""The data plane of one worker: listeners, connections, and the configuration in force."""

import asyncio
import contextlib
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from email.utils import formatdate
from functools import partial
from typing import Any

from hotgate.config.gateway import Gateway
from hotgate.edge.accept import accept
from hotgate.edge.admission import Admission
from hotgate.edge.context import EdgeContext
from hotgate.identity.certificates.client_trust import Answers
from hotgate.identity.tokens.revocations import Revocations
from hotgate.limits.brute_force.login_guard import LoginGuard
from hotgate.limits.concurrency.outlook import Outlook, PlaceWish
from hotgate.limits.concurrency.place_book import PlaceBook
from hotgate.limits.lease_client import LeaseClient
from hotgate.observe.access_log import AccessLog
from hotgate.observe.metrics import WorkerMetrics
from hotgate.runtime.compiling.compile import compile_configuration
from hotgate.runtime.compiling.compile_endpoints import measured_routes
from hotgate.runtime.compiling.compiled import Compiled, Parts
from hotgate.runtime.sockets.tcp_sockets import BACKLOG
from hotgate.runtime.worker_process.overload_watch import Measured, OverloadWatch
from hotgate.runtime.worker_process.target_reports import TargetReports
from hotgate.runtime.workers.channel import Message
from hotgate.upstream.upstream import Upstream

_MAX_UNSENT = 128 * 1024  # bytes of a connection that the kernel holds, besides those that are on their way
_ACCEPTED = 0.05  # seconds in which the event loop reports connections that it has accepted already


class DataPlane:
    """Owned by the worker, which calls `tick` every 250 ms and everything else when the control process says so.

    login_guard: counts who fails to authenticate; the worker carries what it says and hears.
    """

    def __init__(
        self,
        *,
        loop: asyncio.AbstractEventLoop,
        services: Mapping[str, Any],
        access_log: AccessLog,
        metrics: WorkerMetrics,
        readings: Measured,
        highest_descriptor: int = sys.maxsize,
    ) -> None:
        """services: what policies may use, by name, as in `Parts`. readings: what this process measures of itself."""
        self._loop = loop
        self.login_guard = LoginGuard(metrics.logins, loop.time())
        self._services = services
        self._limiter: LeaseClient = services["limiter"]
        self._access_log = access_log
        self._metrics = metrics
        admission = Admission(highest_descriptor)
        self._context = EdgeContext(now=loop.time(), admission=admission, handshakes=metrics.handshakes)
        metrics.connections_refused = self._context.admission.refused
        self._places = PlaceBook(loop.time())
        self._overload = OverloadWatch(self._context, readings)
        self._current: Compiled | None = None
        self._target_reports = TargetReports()
        self._ticket_key = b""
        self._certificate_answers: Answers = {}
        self._servers: list[asyncio.Server] = []
        self._retired: list[Upstream] = []  # no longer configured, but some exchange has not finished with them

    def prepare(self, config: Gateway, services: Mapping[str, Any] | None = None) -> Compiled:
        """Compile; nothing changes yet. services: those that only this configuration has. Raises CompileProblems."""
        outbox = self._context.outbox
        own = {
            "count_certificate": self._metrics.handshakes.count_certificate,
            "certificate_answers": self._certificate_answers,
            "login_guard": self.login_guard,
            "count_side": self._metrics.releases.side,
            "mirrored": self._metrics.releases.mirrored,
            "version_counts": self._metrics.releases.versions,
            "place_book": self._places,
            "shedding": self._overload.shedding,
        }
        parts = Parts({**self._services, **own, **(services or {})}, self._metrics, outbox, self._current)
        return compile_configuration(config, parts)

    def commit(self, compiled: Compiled) -> None:
        """Put a compiled configuration into force; exchanges under way keep the one that they began with."""
        previous, self._current = self._current, compiled
        self._target_reports.apply(compiled.upstreams)
        self.login_guard.follow(compiled.config.brute_force)
        self._context.snapshot = compiled.snapshot
        self._places.follow(compiled.places)
        self._limiter.follow(compiled.limits)
        self._overload.follow(compiled.config.overload)
        self._share_sessions()
        for connection in list(self._context.connections):
            connection.follow_terms()
        self._context.log = self._access_log.append if compiled.config.access_log.enabled else None
        if previous is not None:
            kept = set(compiled.upstreams.values())
            for upstream in previous.upstreams.values():
                if upstream not in kept:
                    upstream.close()
                    self._retired.append(upstream)
        targets = {name: [each.name for each in upstream.targets] for name, upstream in compiled.upstreams.items()}
        self._metrics.retain(measured_routes(compiled.config), targets)

    def hear_of_targets(self, message: Message) -> None:
        """The control process says who is healthy, and where names lead. Raises KeyError, TypeError or ValueError."""
        self._target_reports.hear(message, self._upstreams)

    def view(self, upstream: str) -> dict[str, Any]:
        """Whom it sheds, and how it sees the targets of an upstream, for explanations; nothing changes."""
        shedding = self._overload.shedding
        found = self._upstreams.get(upstream)
        refusal = None if found is None else found.availability.refusal
        return {
            "cause": shedding.cause,
            "chances": {priority.label: chance for priority, chance in shedding.chances.items() if chance},
            "refusal": "" if refusal is None else refusal.kind,
            "panic": found is not None and found.availability.in_panic,
            "out": {} if found is None else found.availability.out_of_service,
        }

    def outlook(self, wish: PlaceWish) -> Outlook:
        """What a request would find that asks for a place now."""
        return self._places.outlook(wish)

    def follow_revocations(self, revocations: Revocations) -> None:
        """Something may have been revoked: end what was let in before, and lives long."""
        self._context.tunnels.look_again(revocations)

    def use_ticket_key(self, key: bytes) -> None:
        """Encrypt TLS session tickets with the key of all workers."""
        self._ticket_key = key
        self._share_sessions()

    async def listen(self, sockets: Mapping[str, Sequence[socket.socket]]) -> None:
        """Accept connections. sockets: bound and listening ones, by listener name."""
        for name, listening in sockets.items():
            factory = partial(accept, self._context, name)
            for each in listening:
                bound_unsent(each)
                is_unix = each.family == socket.AF_UNIX
                create = self._loop.create_unix_server if is_unix else self._loop.create_server
                self._servers.append(await create(factory, sock=each, backlog=BACKLOG))

    def tick(self, now: float) -> None:
        """Deadlines, idle connections, leases, log lines. `now`: the loop's time."""
        context = self._context
        context.now = now
        context.date = formatdate(time.time(), usegmt=True).encode("ascii")
        for connection in list(context.connections):
            connection.check(now)
        context.admission.report(now)
        context.tunnels.tick()
        self._retired = [upstream for upstream in self._retired if not upstream.is_unused]
        for upstream in (*self._upstreams.values(), *self._retired):
            upstream.expire(now)
        self._places.tick(now)
        self._overload.tick(sum(upstream.open_connections for upstream in self._upstreams.values()))
        self._limiter.tick(now)
        self.login_guard.tick(now)
        self._access_log.tick()

    async def drain(self, seconds: float) -> None:
        """Accept nothing more, let exchanges finish for so long, or until cancelled, then cut what is left."""
        context = self._context
        context.draining = context.ends_connections = True
        context.drained_at = context.now + seconds
        for server in self._servers:
            server.close()
        self._drain_connections()
        try:
            await asyncio.sleep(_ACCEPTED)
            self._drain_connections()
            if context.connections:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(context.emptied.wait(), seconds)
        finally:  # the end of the process would close them too, and half an answer would pass for a whole one
            for connection in list(context.connections):
                connection.abort()
        await asyncio.sleep(0)

    def _drain_connections(self) -> None:
        for connection in list(self._context.connections):
            connection.drain()

    def metrics_changes(self) -> dict[str, Any]:
        """What has been counted by routes and upstreams that did anything since the last call."""
        self._gauge()
        return self._metrics.changes()

    def metrics_snapshot(self) -> dict[str, Any]:
        """Everything that has been counted."""
        self._gauge()
        return self._metrics.snapshot()

    def _gauge(self) -> None:
        connections = self._context.connections
        self._metrics.connections = self._context.accepted
        self._metrics.connections_open = len(connections)
        self._metrics.exchanges_active = sum(connection.is_busy for connection in connections)
        watched = [upstream.availability for upstream in self._upstreams.values()]
        self._metrics.ejected = {each.name: dict.fromkeys(each.ejected, 1) for each in watched if each.ejected}
        self._metrics.places = self._places.values()
        self._metrics.overloaded = dict.fromkeys(self._overload.active, 1)
        self._metrics.shed = self._overload.shedding.shed
        self._metrics.panics = {each.name: 1 for each in watched if each.in_panic}

    @property
    def _upstreams(self) -> Mapping[str, Upstream]:
        return self._current.upstreams if self._current else {}

    def _share_sessions(self) -> None:
        if self._current is None or not self._ticket_key:
            return
        for listener in self._current.snapshot.listeners.values():
            if listener.tls is not None:
                listener.tls.use_ticket_key(self._ticket_key)


def bound_unsent(listening: socket.socket) -> None:
    """Let the kernel take no more for a client than it can soon send; accepted connections inherit this.

    It would take megabytes for one that reads nothing. What is on its way does not count, so speed does not suffer.
    """
    if listening.family in (socket.AF_INET, socket.AF_INET6):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _MAX_UNSENT)
