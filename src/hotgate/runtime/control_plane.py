"""What the control process does besides keeping workers alive: keys, backends, metrics, limits, the admin interface.

Its libraries take as long to import as a worker takes to start, so this module is imported while the workers start.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from hotgate.config.gateway import Gateway
from hotgate.config.loader import Loaded
from hotgate.control.administration import Administration, Records
from hotgate.control.certificate_status import CertificateStatus
from hotgate.control.http_client import http_client
from hotgate.identity.certificates.client_trust import ABOUT
from hotgate.observe.fleet import Fleet as FleetMetrics
from hotgate.policies.explaining.explained_answers import ABOUT as POSITIONS
from hotgate.policies.introspection.questions import ABOUT as INTROSPECTION
from hotgate.policies.metadata_answers import ABOUT as ISSUER_METADATA
from hotgate.policies.passwords.password_authenticator import ABOUT as PASSWORD
from hotgate.runtime.admin_interface import AdminInterface
from hotgate.runtime.compiling.compile_endpoints import measured_routes
from hotgate.runtime.desks.answers import Answers
from hotgate.runtime.desks.ban_desk import BanDesk
from hotgate.runtime.desks.credential_store import CredentialStore
from hotgate.runtime.desks.explanations import Explanations
from hotgate.runtime.desks.gateway_status import GatewayStatus
from hotgate.runtime.desks.introspections import Introspections
from hotgate.runtime.desks.issuer_metadata import IssuersMetadata
from hotgate.runtime.desks.keys import Keys
from hotgate.runtime.desks.limits.lease_desk import LeaseDesk
from hotgate.runtime.desks.limits.limit_operations import LimitOperations
from hotgate.runtime.desks.limits.quota_desk import QuotaDesk
from hotgate.runtime.desks.limits.quota_place import QuotaPlace
from hotgate.runtime.desks.limits.shared_counters import SharedCounters
from hotgate.runtime.desks.logins import LoginDesk
from hotgate.runtime.desks.passwords import Passwords
from hotgate.runtime.desks.proofs import Proofs
from hotgate.runtime.desks.releases.release_desk import ReleaseDesk
from hotgate.runtime.desks.releases.version_desk import VersionDesk
from hotgate.runtime.desks.session_desk import SessionDesk
from hotgate.runtime.desks.session_keys import SessionKeys
from hotgate.runtime.desks.signing_keys import SigningKeys
from hotgate.runtime.desks.single_use import SingleUse
from hotgate.runtime.desks.targets import Targets
from hotgate.runtime.desks.ticket_key import TicketKey
from hotgate.runtime.desks.upstream_tokens import UpstreamTokens
from hotgate.runtime.desks.worker_views import WorkerViews
from hotgate.runtime.explaining.live import LookingAnswers
from hotgate.runtime.explaining.peeking import World
from hotgate.runtime.reloader import Reloader
from hotgate.runtime.workers.channel import Message
from hotgate.runtime.workers.fleet import Fleet
from hotgate.runtime.workers.renewal import Renewal
from hotgate.runtime.workers.worker_handle import WorkerHandle

_KEYS_SECONDS = 10.0

Broadcast = Callable[[Message], None]


class ControlPlane:
    """keys: verification keys. signing_keys, session_keys: the gateway's own. targets: names and health of backends.
    bans: who is turned away. releases: which upstreams get what. versions: who uses which. passwords: who has which.
    ticket_key: of TLS sessions. answers: to what workers ask. introspections: what tokens are worth. logins: at OpenID
    Connect providers. sessions: theirs. upstream_tokens: what upstreams are shown. credentials: the store, if there is
    one. counters: of all nodes. quotas: how much of each is used. limits: both, for operators. explanations: why
    requests are answered as they are. admin: the interface of operators.
    """

    def __init__(
        self,
        fleet: Fleet,
        reloader: Reloader,
        broadcast: Broadcast,
        file: Path,
        config: Gateway,
        left_behind: Iterable[int],
        *,
        has_predecessor: bool = False,
    ) -> None:
        """file: of the configuration. config: what it says at the start. left_behind: process ids of the workers of an
        earlier control process that still run.

        has_predecessor: that process still runs as well, and keeps them until `left_alone_by_predecessor`.
        """
        self._now = now = time.monotonic
        self.keys = Keys(broadcast, file.parent)
        self.signing_keys = SigningKeys(broadcast, file, time.time)
        self.session_keys = SessionKeys(broadcast, file, time.time)
        self.credentials = CredentialStore(broadcast, file)
        self.targets = Targets(broadcast)
        self.ticket_key = TicketKey(broadcast, now)
        self.answers = Answers()
        self._proofs = Proofs(broadcast, now, has_predecessor=has_predecessor)
        single_use = SingleUse(lambda: self.credentials.store)
        self.logins = LoginDesk(self.answers, self.keys, self.credentials, single_use)
        self.sessions = SessionDesk(self.answers, self.credentials, self.logins)
        self._answer_questions(single_use)
        self._metrics = FleetMetrics()
        local = LeaseDesk(now, broadcast, left_behind, has_predecessor=has_predecessor)
        self._count(local, SharedCounters(config, now, broadcast, left_behind, local), file)
        self.bans = BanDesk(now, broadcast)
        self.releases = ReleaseDesk(now, time.time, broadcast, file)
        self.versions = VersionDesk(time.time)
        self._renewal = Renewal(fleet)
        self._explain(fleet, single_use)
        self.admin = AdminInterface(Administration(self._status(fleet, reloader), self._records))
        self._refreshes: set[asyncio.Task[None]] = set()

    def _count(self, local: LeaseDesk, counters: SharedCounters, file: Path) -> None:
        """Who counts what: this node alone, all nodes, the store."""
        self.counters = counters
        self._leases = counters.desk or local
        self.quota_place = QuotaPlace(self.credentials, file)
        self.quotas = QuotaDesk(local, self.quota_place.opened)
        self.limits = LimitOperations(self._leases.authority, self.quotas)

    def _explain(self, fleet: Fleet, single_use: SingleUse) -> None:
        self._views = WorkerViews(lambda: fleet.serving)
        self.explanations = Explanations(self._world(single_use))
        self.answers.register(POSITIONS, self.explanations.position)

    def _answer_questions(self, single_use: SingleUse) -> None:
        """Desks with one kind of question; those of logins and sessions have several, and register them themselves."""
        self._certificates = CertificateStatus(http_client())
        self._issuers = IssuersMetadata()
        self.introspections = Introspections(self.keys)
        self.upstream_tokens = UpstreamTokens()
        self.passwords = Passwords()
        register = self.answers.register
        register(ABOUT, self._certificates.answer)
        register("proofs", self._proofs.claim)
        register("single_use", single_use.claim)
        register(ISSUER_METADATA, self._issuers.answer)
        register(INTROSPECTION, self.introspections.answer)
        register("upstream_token", self.upstream_tokens.answer)
        register(PASSWORD, self.passwords.answer)

    def received(self, worker: WorkerHandle, message: Message) -> None:
        """A report of a worker. Raises KeyError, TypeError or ValueError for one that makes no sense."""
        kind = message["type"]
        worker.heard = self._now()
        if kind == "metrics":
            self._metrics.update(worker.name, message["report"])
            self.releases.received(worker, message["report"])
            worker.memory = int(message.get("memory", 0))
        elif kind == "failures":
            self.bans.received(message)
        elif kind == "ask":
            self.answers.received(worker, message)
        elif kind == "looked":
            self._views.received(worker, message)
        elif kind == "version_uses":
            self.versions.received(message)
        elif kind == "keys_used":
            self.credentials.were_used(message)
        elif kind == "refresh_keys":
            task = asyncio.get_running_loop().create_task(self._refresh(worker, str(message["name"])))
            self._refreshes.add(task)
            task.add_done_callback(self._refreshes.discard)
        else:
            if kind == "hello":
                worker.send(self.targets.report())
                self.bans.hello(worker)
                worker.send(self.credentials.report())
                self.releases.hello(worker)
                worker.send(self._proofs.message)
            self._leases.received(worker, message)

    def gone(self, worker: WorkerHandle) -> None:
        """A worker's process ended; its counts stay."""
        self._metrics.retire(worker.name)
        self.releases.gone(worker)
        self._leases.gone(worker)

    def lost(self, worker: WorkerHandle) -> None:
        """A worker cannot be heard."""
        self._leases.lost(worker)

    def tick(self, config: Gateway) -> None:
        """Call about once a second, with the configuration in force."""
        self._leases.tick()
        self.quotas.tick()
        self.bans.tick()
        self.releases.tick()
        self.ticket_key.tick()
        self._proofs.tick()
        self.signing_keys.tick()
        self.session_keys.tick()
        self.sessions.tick()
        self._renewal.look(config.limits.worker_memory, self._now())

    def set_workers(self, workers: int) -> None:
        """How many workers the current generation has, or the one that starts."""
        self._leases.set_workers(workers)

    def in_force(self, config: Gateway) -> None:
        """A configuration is in force: forget the counts of what it no longer has."""
        targets = {name: [str(each.url) for each in upstream.targets] for name, upstream in config.upstreams.items()}
        self._metrics.retain(measured_routes(config), targets)

    async def keys_were_tried(self) -> None:
        """Wait until every source of keys was asked once, unless one takes very long."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.keys.tried.wait(), _KEYS_SECONDS)

    def left_alone_by_predecessor(self, workers: set[int]) -> None:
        """The earlier control process has let go of its workers; those of them that live come to us from now on."""
        self._leases.left_alone(workers)
        self._proofs.alone()

    def _status(self, fleet: Fleet, reloader: Reloader) -> GatewayStatus:
        return GatewayStatus(
            fleet=fleet,
            reloader=reloader,
            keys=self.keys,
            signing_keys=self.signing_keys,
            targets=self.targets,
            bans=self.bans,
            releases=self.releases,
            versions=self.versions,
            credentials=self.credentials,
            explanations=self.explanations,
            session_keys=self.session_keys,
            introspections=self.introspections,
            logins=self.logins,
            upstream_tokens=self.upstream_tokens,
            counters=self.counters,
            metrics=self._metrics,
            renewal=self._renewal,
            limits=self.limits,
            now=self._now,
            started=self._now(),
        )

    def explain_ticket(self) -> Message:
        """For a command: a ticket for explained answers, and when it ends."""
        made = self.explanations.ticket(self.session_keys.message)
        if made is None:
            return {"reason": "answers are explained only where the configuration says `admin: {explain: true}`"}
        return {"reason": "", "ticket": made[0], "expires": made[1]}

    def _world(self, single_use: SingleUse) -> Callable[[Loaded], World]:
        """What explanations may look at."""
        looking = LookingAnswers(
            self.introspections, self.passwords, self._proofs, single_use, self.sessions.load_session
        )
        return lambda loaded: World(
            documents=self.keys.documents,
            ask=looking.ask,
            peek=self._leases.peek,
            left=self.quotas.left,
            bans=self.bans.remaining,
            sealing=lambda: self.session_keys.message,
            proofs=lambda: self._proofs.message,
            store=lambda: self.credentials.settings(loaded.config),
            releases=lambda: self.releases.message,
            look=self._views.look,
        )

    def _records(self) -> Records | None:
        store, peppers = self.credentials.store, self.credentials.peppers
        if store is None or peppers is None:
            return None
        return Records.of(store, peppers, time.time, self.credentials.token_providers, self.sessions.places.kept())

    async def stop(self) -> None:
        """End everything."""
        await self.admin.stop()
        await self.counters.stop()
        self.explanations.stop()
        await self.answers.stop()
        self.passwords.stop()
        await self._certificates.stop()
        await self.sessions.stop()
        await self.releases.stop()
        await self.logins.stop()
        await self.upstream_tokens.stop()
        await self.quotas.stop()
        await self.quota_place.close()
        await self.credentials.stop()
        await self.introspections.stop()
        await self._issuers.stop()
        await self.keys.stop()
        await self.targets.stop()

    async def _refresh(self, worker: WorkerHandle, name: str) -> None:
        await self.keys.refresh(name)
        worker.send({"type": "refreshed", "name": name})
