"""The state of the gateway, as the admin interface asks for it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hotgate import __version__
from hotgate.control.api.explain import Explained, Question
from hotgate.observe.exposition import CONTENT_TYPE, GatewayFacts, expose
from hotgate.observe.fleet import Fleet as FleetMetrics
from hotgate.runtime.desks.ban_desk import BanDesk
from hotgate.runtime.desks.credential_store import CredentialStore
from hotgate.runtime.desks.explanations import Explanations
from hotgate.runtime.desks.introspections import Introspections
from hotgate.runtime.desks.keys import Keys
from hotgate.runtime.desks.limits.limit_operations import LimitOperations
from hotgate.runtime.desks.limits.shared_counters import SharedCounters
from hotgate.runtime.desks.logins import LoginDesk
from hotgate.runtime.desks.releases.release_desk import ReleaseDesk
from hotgate.runtime.desks.releases.version_desk import VersionDesk
from hotgate.runtime.desks.session_keys import SessionKeys
from hotgate.runtime.desks.signing_keys import SigningKeys
from hotgate.runtime.desks.targets import Targets
from hotgate.runtime.desks.upstream_tokens import UpstreamTokens
from hotgate.runtime.reloader import Reloader
from hotgate.runtime.workers.fleet import Fleet
from hotgate.runtime.workers.renewal import Renewal
from hotgate.runtime.workers.worker_handle import WorkerHandle

_SILENT = 5.0  # seconds; workers report every one


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayStatus:
    """Implements `control.gateway_state.GatewayState`. now: monotonic seconds. started: the same, of the process."""

    fleet: Fleet
    reloader: Reloader
    keys: Keys
    signing_keys: SigningKeys
    targets: Targets
    bans: BanDesk
    releases: ReleaseDesk
    versions: VersionDesk
    credentials: CredentialStore
    explanations: Explanations
    session_keys: SessionKeys
    introspections: Introspections
    logins: LoginDesk
    upstream_tokens: UpstreamTokens
    counters: SharedCounters
    metrics: FleetMetrics
    renewal: Renewal
    limits: LimitOperations
    now: Callable[[], float]
    started: float

    def not_ready(self) -> list[str]:
        """Why the gateway is not ready."""
        if self.fleet.is_stopping:
            return ["the gateway is stopping"]
        generation = self.fleet.generation
        if generation is None:
            return ["the workers are starting"]
        reasons = [f"worker {place.launch.index} is not ready" for place in generation.places if not place.is_ready]
        if not reasons and not generation.is_ready:
            reasons.append("a worker has not taken over the current configuration yet")
        now = self.now()
        reasons += [
            f"worker {worker.name} has said nothing for {now - worker.heard:.0f} s"
            for worker in self.fleet.workers
            if worker.is_ready and now - worker.heard > _SILENT
        ]
        if not self.keys.tried.is_set():
            reasons.append("verification keys are being fetched")
        return reasons

    def lift_ban(self, address: str) -> bool:
        """End the ban of an address, or of the /64 that it is in. Returns whether there was one."""
        return self.bans.lift(address)

    async def explain(self, question: Question) -> Explained:
        """What would become of a request."""
        return await self.explanations.explain(question)

    def explain_ticket(self) -> tuple[str, float] | None:
        """A ticket for explained answers."""
        return self.explanations.ticket(self.session_keys.message)

    def jwks(self) -> bytes:
        """The public keys that verify the gateway's assertions."""
        return self.signing_keys.jwks

    def status(self) -> dict[str, Any]:
        """Workers, revision, uptime, the last reload, key sets, health of targets, their names, bans, the store, tokens
        for upstreams, and shared counters."""
        generation = self.fleet.generation
        return {
            "version": __version__,
            "uptime_seconds": round(self.now() - self.started, 1),
            "revision": generation.configuration.revision if generation else 0,
            "generation": generation.number if generation else 0,
            "ready": not self.not_ready(),
            "workers": [self._worker(worker) for worker in self.fleet.workers],
            "worker_restarts": self.fleet.restarts,
            "worker_renewals": self.renewal.count,
            "reloads": {
                "ok": self.reloader.succeeded,
                "failed": self.reloader.failed,
                "last_error": self.reloader.last_error or None,
            },
            "key_sets": self.keys.state(),
            "health": self.targets.health(),
            "names": self.targets.names(),
            "brute_force": self.bans.state(),
            "releases": self.releases.state(),
            "store": self.credentials.state(),
            "introspection": self.introspections.state(),
            "upstream_tokens": self.upstream_tokens.state(),
            "counters": self.counters.state(),
        }

    async def exposition(self) -> tuple[bytes, str]:
        """The page for Prometheus; made in a thread, for it takes a second when 10,000 routes are busy."""
        page = await asyncio.to_thread(expose, self.metrics.total(), self._facts())
        return page, CONTENT_TYPE

    def _facts(self) -> GatewayFacts:
        return GatewayFacts(
            version=__version__,
            workers_up=sum(worker.is_ready for worker in self.fleet.workers),
            worker_restarts=self.fleet.restarts,
            worker_renewals=self.renewal.count,
            worker_memory=[worker.memory for worker in self.fleet.workers],
            reloads_ok=self.reloader.succeeded,
            reloads_failed=self.reloader.failed,
            checks=self.targets.health(),
            bans=self.bans.active,
            releases=self.releases.state(),
            release_returns=dict(self.releases.returns),
            store=self.credentials.state(),
            introspections=self.introspections.state(),
            logins=self.logins.state(),
            upstream_tokens=self.upstream_tokens.state(),
            counters=self.counters.state(),
        )

    def _worker(self, worker: WorkerHandle) -> dict[str, Any]:
        return {
            "pid": worker.process.pid,
            "generation": worker.launch.generation if worker.launch else None,
            "index": worker.launch.index if worker.launch else None,
            "state": worker.state.value,
            "revision": worker.revision,
            "memory_bytes": worker.memory,
            "uptime_seconds": round(self.now() - worker.started, 1),
        }
