"""A worker: one event loop, the data plane on it, and a line to the control process.

Its process begins in `__main__.py`, with its orders (`runtime/workers/launch.py`) as the one argument. It serves
nothing until it has been sent a configuration, and from then on whether or not the control process lives.
"""

import asyncio
import logging
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import uvloop

from hotgate.identity.verification_keys.key_set import InvalidKeySet
from hotgate.identity.verification_keys.key_sets import KeySets
from hotgate.keys.key_ring import KeyRing, RingHolder
from hotgate.keys.sealing_ring import SealingRing, SealingRingHolder
from hotgate.limits.concurrency.worker_share import WorkerShare
from hotgate.limits.lease_client import LeaseClient
from hotgate.limits.shared.shared_lease_client import SharedLeaseClient
from hotgate.observe.access_log import AccessLog, RecordLog
from hotgate.observe.decision_record import DecisionRecord, decision_lines
from hotgate.observe.log import configure
from hotgate.observe.metrics import WorkerMetrics
from hotgate.observe.sink import StreamSink
from hotgate.policies.outgoing.kept_between_reloads import SERVICE as UPSTREAM_TOKENS
from hotgate.policies.releases.overrides import ReleaseOverrides
from hotgate.policies.versions.version_uses import VersionUses
from hotgate.runtime.compiling.observing import DECISION_LOG
from hotgate.runtime.sockets.handover import SocketOffer
from hotgate.runtime.worker_process import descriptors, garbage_collection
from hotgate.runtime.worker_process.access_log_sink import LogSink, access_log_path, decision_log_path
from hotgate.runtime.worker_process.control_link import ControlLink
from hotgate.runtime.worker_process.data_plane import DataPlane
from hotgate.runtime.worker_process.key_refresh import KeyRefresh
from hotgate.runtime.worker_process.own_view import OwnView
from hotgate.runtime.worker_process.proof_uses import ProofUses
from hotgate.runtime.worker_process.questions import Questions
from hotgate.runtime.worker_process.readings import Readings
from hotgate.runtime.worker_process.resident_memory import resident_bytes
from hotgate.runtime.worker_process.worker_configuration import WorkerConfiguration
from hotgate.runtime.workers.channel import Message
from hotgate.runtime.workers.launch import Launch
from hotgate.store.credentials import Credentials

_log = logging.getLogger("hotgate.runtime")
_TICK = 0.25  # seconds
_TICKS_PER_REPORT = 4
_TICKS_TO_BE_FOUND = 240  # a minute; the control process listens before it starts a worker


class Worker:
    """Wires the parts together; `run` ends when the worker has drained."""

    def __init__(self, launch: Launch, loop: asyncio.AbstractEventLoop) -> None:
        self._launch = launch
        self._loop = loop
        self._link = ControlLink(
            launch.socket, on_found=self._control_found, on_lost=self._control_lost, on_message=self._received
        )
        limiter = SharedLeaseClient if launch.shares_limits else LeaseClient
        self._limiter = limiter(self._link.send_soon, time.monotonic)
        self._refresh = KeyRefresh(self._link.send)
        self._questions = Questions(self._link.send)
        self._proof_uses = ProofUses(self._questions.ask)
        self._key_sets = KeySets(time.monotonic)
        self._credentials = Credentials()
        self._key_sets.request_refresh = self._refresh.request
        self._signing = RingHolder()
        self._sealing = SealingRingHolder()
        self._releases = ReleaseOverrides()
        self._version_uses = VersionUses()
        self._metrics = WorkerMetrics()
        self._sink, self._decision_sink = LogSink(), LogSink()
        self._access_log = AccessLog(self._sink)
        self._decision_log = RecordLog[DecisionRecord](self._decision_sink, decision_lines)
        self._data_plane = self._make_data_plane()
        self._configuration = WorkerConfiguration(
            self._data_plane,
            self._key_sets,
            self._signing,
            self._sealing,
            self._credentials,
            self._link.send,
            self._committed,
        )
        self._credentials.on_change(lambda: self._data_plane.follow_revocations(self._credentials))
        self._ticks, self._is_listening, self._was_found = 0, False, False
        self._offer: SocketOffer | None = None
        self._drain: asyncio.Task[None] | None = None
        self._drained = asyncio.Event()
        self._handlers = self._message_handlers()

    def _make_data_plane(self) -> DataPlane:
        return DataPlane(
            loop=self._loop,
            services=self._services(),
            access_log=self._access_log,
            metrics=self._metrics,
            readings=Readings(self._loop, self._metrics.loop_lag),
            highest_descriptor=descriptors.highest_for_clients(descriptors.raise_limit()),
        )

    def _services(self) -> dict[str, Any]:
        """What policies may use, by name."""
        return {
            "limiter": self._limiter,
            "key_sets": self._key_sets,
            "ask": self._questions.ask,
            "proof_uses": self._proof_uses,
            "signing": self._signing,
            "session_keys": self._sealing,
            "releases": self._releases,
            "version_uses": self._version_uses,
            "worker_share": WorkerShare(self._launch.index, self._launch.workers),
            DECISION_LOG: self._decision_log,
            UPSTREAM_TOKENS: WeakValueDictionary(),
        }

    async def run(self) -> None:
        """Serve until drained."""
        self._loop.add_signal_handler(signal.SIGTERM, self.drain)
        link = self._loop.create_task(self._link.run())
        self._tick()
        await self._drained.wait()
        self._limiter.release()
        self._link.send({"type": "metrics", "report": self._data_plane.metrics_snapshot()})
        self._link.send({"type": "keys_used", "used": self._credentials.last_used.take()})
        self._report_failures()
        self._report_versions()
        link.cancel()
        await asyncio.gather(link, return_exceptions=True)
        await self._link.finish()
        self._access_log.close()
        self._decision_log.close()

    def drain(self, seconds: float | None = None) -> None:
        """Stop accepting, finish what is there within `seconds`, then end. A second call ends at once."""
        if self._drain is not None:
            self._drain.cancel()
            return
        self._link.send({"type": "draining"})
        if self._offer is not None:
            self._offer.close()
        allowed = self._configuration.drain if seconds is None else seconds
        self._drain = self._loop.create_task(self._data_plane.drain(allowed))
        self._drain.add_done_callback(lambda _: self._drained.set())

    def _drain_once(self, seconds: float) -> None:
        """The control process wishes it. One that is new here may not know that another has wished it before."""
        if self._drain is None:
            self.drain(seconds)

    def _tick(self) -> None:
        self._loop.call_later(_TICK, self._tick)  # first: whatever fails below, the next tick comes
        self._data_plane.tick(self._loop.time())
        self._decision_log.tick()
        self._credentials.tick(time.time())
        self._ticks += 1
        if self._ticks == _TICKS_TO_BE_FOUND and not self._was_found:
            self._end_if_useless()
        if self._ticks % _TICKS_PER_REPORT == 0:
            self._report()

    def _report(self) -> None:
        self._metrics.log_dropped = self._access_log.dropped
        self._metrics.decisions_dropped = self._decision_log.dropped
        report = {"type": "metrics", "report": self._data_plane.metrics_changes(), "memory": resident_bytes()}
        if not self._link.send_droppable(report):
            self._metrics.forget_reports()
        else:
            self._report_failures()
            self._report_versions()
        used = self._credentials.last_used.take()
        if used and not self._link.send_droppable({"type": "keys_used", "used": used}):
            self._credentials.last_used.put_back(used)

    def _report_failures(self) -> None:
        if (failures := self._data_plane.login_guard.report()) is not None:
            self._link.send(failures)

    def _report_versions(self) -> None:
        if uses := self._version_uses.take():
            self._link.send({"type": "version_uses", "uses": uses})

    def _control_found(self) -> None:
        self._was_found = True
        self._metrics.forget_reports()
        self._refresh.lost()
        self._questions.found()
        self._data_plane.login_guard.authority_found()
        revision, limits = self._configuration.revision, self._limiter.authority_found()
        self._link.send({"type": "hello", "revision": revision, "limits": limits, "joins": True})
        self._report_failures()  # now: a control process that has other workers may send this one away at once
        if self._drain is not None:
            self._link.send({"type": "draining"})

    def _control_lost(self) -> None:
        self._limiter.authority_lost()
        self._refresh.lost()
        self._questions.lost()
        self._end_if_useless()

    def _end_if_useless(self) -> None:
        """Without a configuration, and nobody to send one, it would only keep a socket that nobody accepts from."""
        if not self._is_listening and self._drain is None:
            self.drain(0.0)

    def _message_handlers(self) -> Mapping[str, Callable[[Message], None]]:
        """By the type of what the control process says; leases are the limiter's."""
        return {
            "prepare": self._configuration.prepare,
            "commit": lambda message: self._configuration.commit(int(message["revision"])),
            "abort": lambda message: self._configuration.abort(int(message["revision"])),
            "keys": self._replace_keys,
            "store_changed": lambda message: self._credentials.look_at(Path(message["path"]), time.time()),
            "targets": self._data_plane.hear_of_targets,
            "ticket_key": lambda message: self._data_plane.use_ticket_key(bytes.fromhex(message["key"])),
            "signing_keys": self._replace_signing_keys,
            "proofs": self._proof_uses.hear,
            "session_keys": self._replace_session_keys,
            "bans": lambda message: self._data_plane.login_guard.hear(message["bans"]),
            "releases": self._releases.hear,
            "refreshed": lambda message: self._refresh.done(str(message["name"])),
            "answer": self._questions.answered,
            "look": OwnView(self._limiter, self._data_plane, self._link.send, time.monotonic).tell,
            "drain": lambda message: self._drain_once(float(message["seconds"])),
            "reopen": lambda _: self._reopen_logs(),
            "counters_lost": lambda _: self._limiter.authority_lost(),
            "counters_found": lambda _: self._link.send(self._limiter.authority_found()),
            "let_go": lambda _: self._link.let_go(),
        }

    def _received(self, message: Message) -> None:
        handler = self._handlers.get(message["type"], self._limiter.on_message)
        try:
            handler(message)
        except (KeyError, TypeError, ValueError) as error:
            _log.error("a message of the control process is refused: %r", error)
            self._link.close()

    def _replace_keys(self, message: Message) -> None:
        try:
            self._key_sets.replace(str(message["name"]), message["jwks"])
        except InvalidKeySet as error:
            _log.error("key set %s is refused: %s", message["name"], error)

    def _replace_signing_keys(self, message: Message) -> None:
        self._signing.ring = KeyRing.from_message(message["keys"])

    def _replace_session_keys(self, message: Message) -> None:
        self._sealing.ring = SealingRing.from_message(message["keys"])

    def _committed(self) -> None:
        config = self._configuration.current
        folder = Path(self._launch.folder)
        self._sink.follow(access_log_path(config.access_log, folder))
        self._decision_sink.follow(decision_log_path(config.decision_log, folder))
        self._reopen_logs()
        if not self._is_listening:
            self._is_listening = True
            self._listening = self._loop.create_task(self._listen())

    def _reopen_logs(self) -> None:
        self._access_log.reopen()
        self._decision_log.reopen()

    async def _listen(self) -> None:
        sockets = inherited_sockets(self._launch)
        self._offer = SocketOffer(Path(self._launch.socket).parent, sockets)
        self._offer.open()
        await self._data_plane.listen(sockets)
        self._link.send({"type": "ready", "revision": self._configuration.revision})


def inherited_sockets(launch: Launch) -> dict[str, list[socket.socket]]:
    """The listening sockets that the control process passed, by listener."""
    return {
        name: [socket.socket(fileno=descriptor) for descriptor in descriptors]
        for name, descriptors in launch.listeners.items()
    }


def main() -> int:
    """Run a worker; the exit status is 0 after a drain."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the control process
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    launch = Launch.from_argument(sys.argv[1])
    configure("json" if launch.log_format == "json" else "console", StreamSink(sys.stderr.fileno()))
    sys.path.insert(0, launch.folder)  # users' policies live beside the configuration
    garbage_collection.tune()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(launch))
    return 0


async def _serve(launch: Launch) -> None:
    await Worker(launch, asyncio.get_running_loop()).run()
