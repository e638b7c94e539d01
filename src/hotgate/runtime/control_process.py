"""The control process: loads the configuration, owns the sockets, keeps the workers alive, and serves no request.

The order of a start is chosen for speed: workers are started as soon as the file is known to be valid, and what only
the control process needs is imported while they import theirs.
"""

import asyncio
import logging
import signal
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from hotgate.config.loader import Loaded
from hotgate.runtime.compiling.load import RunOptions, check_compiles, load_configuration
from hotgate.runtime.compiling.without_collection import without_collection
from hotgate.runtime.desks.limits.limit_commands import LIMIT_COMMANDS, QUOTA_COMMANDS, answer_limits, answer_quotas
from hotgate.runtime.desks.operator_desk import OperatorDesk
from hotgate.runtime.desks.releases import release_commands, version_commands
from hotgate.runtime.folders.file_watch import FileWatch
from hotgate.runtime.folders.runtime_directory import RuntimeDirectory
from hotgate.runtime.reloader import Reloader
from hotgate.runtime.sockets.handover import collect_sockets, distinct, remove_stale_offers
from hotgate.runtime.sockets.listening_sockets import ListeningSockets, NamedSocket
from hotgate.runtime.upgrading.origin import Origin
from hotgate.runtime.upgrading.successor import Successor
from hotgate.runtime.upgrading.upgrade import Upgrader
from hotgate.runtime.workers.channel import Channel, Message
from hotgate.runtime.workers.conversations import Conversations
from hotgate.runtime.workers.fleet import Fleet
from hotgate.runtime.workers.generation import Generation
from hotgate.runtime.workers.generations import Generations
from hotgate.runtime.workers.launch import end_workers, running_workers
from hotgate.runtime.workers.process_host import ProcessHost
from hotgate.runtime.workers.worker_handle import WorkerHandle
from hotgate.runtime.workers.worker_server import WorkerServer

if TYPE_CHECKING:
    from hotgate.runtime.control_plane import ControlPlane
    from hotgate.runtime.deployment import Deployment

_log = logging.getLogger("hotgate.runtime")
_INTERVAL = 1.0  # seconds
_STARTING = "the gateway is still starting"


class StartFailed(Exception):
    """The workers cannot serve the configuration; the text says why."""


class ControlProcess:
    """Create it in a running loop, holding the control lock."""

    def __init__(self, options: RunOptions, loaded: Loaded, directory: RuntimeDirectory, origin: Origin) -> None:
        self._options = options
        self._loaded = loaded
        self._origin = origin
        self._loop = asyncio.get_running_loop()
        self._directory = directory
        self._left_behind = self._own_workers()
        self._fleet = Fleet(ProcessHost(self._loop), self._gone)
        self._conversations = Conversations(self._fleet, self._keys, self._reported, self._lost)
        self._server = WorkerServer(directory.socket_path, self._received, self._conversations.on_closed)
        sockets = ListeningSockets(self._own_workers)
        sockets.adopt(distinct([*origin.sockets, *collect_sockets(directory.path, self._left_behind)]))
        remove_stale_offers(directory.path, self._left_behind)
        self._generations = Generations(options, directory, self._fleet, sockets)
        self._reloader = Reloader(
            self._load, self._apply, begun=origin.service.reloading, ended=lambda _: self._tell_service()
        )
        self._upgrader = Upgrader(self._start_successor, self._server.reopen)
        self._desk = self._operator_desk()
        self._watch = FileWatch(loaded.files)
        self._stop_requested = asyncio.Event()
        self._relief: asyncio.Future[None] | None = None
        self._plane: ControlPlane | None = None
        self._deployment: Deployment | None = None

    def _operator_desk(self) -> OperatorDesk:
        """What commands may ask for."""
        return OperatorDesk(
            {
                "reload": self._request_reload,
                "upgrade": self._upgrader.request,
                "rotate_signing_keys": self._rotate_signing_keys,
            },
            {
                "list_bans": self._list_bans,
                "lift_ban": self._lift_ban,
                **dict.fromkeys(release_commands.COMMANDS, self._change_releases),
                **dict.fromkeys(version_commands.COMMANDS, self._list_versions),
                "make_explain_ticket": self._make_explain_ticket,
            },
            {
                "explain_request": self._explain_request,
                **dict.fromkeys(LIMIT_COMMANDS, self._ask_limits),
                **dict.fromkeys(QUOTA_COMMANDS, self._ask_quotas),
            },
        )

    async def run(self) -> None:
        """Serve until asked to stop, then drain. Raises ConfigurationErrors, StartFailed or OSError; nothing runs."""
        self._handle_signals()
        try:
            await self._until_stopped(self._start())
            await self._until_stopped(self._reloader.run(), self._look_around(), self._upgrader.run())
        finally:
            await self._stop()

    async def _start(self) -> None:
        predecessor = self._origin.predecessor
        self._server.open()
        generation = self._generations.start(self._loaded, is_held=predecessor is not None)
        deployment, plane = self._import_control_plane()
        check_compiles(self._loaded)
        await deployment.start(len(generation.places))
        if predecessor is None:
            await deployment.serve_admin()
        await self._server.serve()
        if predecessor is not None:
            await self._relieve(generation, plane)
            await deployment.serve_admin()
        if reason := await self._generations.settle(generation):
            raise StartFailed(reason)
        self._generations.close_unused(self._loaded)
        self._announce(plane.admin.address)

    async def _relieve(self, generation: Generation, plane: "ControlPlane") -> None:
        """Take the place of the old control process, now that nothing can fail any more."""
        predecessor = self._origin.predecessor
        assert predecessor is not None
        if reason := await self._generations.prepare(generation):
            raise StartFailed(reason)
        await plane.keys_were_tried()
        self._relief = asyncio.ensure_future(asyncio.to_thread(predecessor.relieve))
        await asyncio.shield(self._relief)
        self._origin.lock.claim()
        plane.left_alone_by_predecessor(self._own_workers())
        generation.may_serve.set()

    @without_collection()
    def _import_control_plane(self) -> "tuple[Deployment, ControlPlane]":
        from hotgate.runtime.control_plane import ControlPlane  # noqa: PLC0415 (see the module's docstring)
        from hotgate.runtime.deployment import Deployment  # noqa: PLC0415

        broadcast = self._conversations.broadcast
        self._plane = ControlPlane(
            self._fleet,
            self._reloader,
            broadcast,
            self._options.file.absolute(),
            self._loaded.config,
            self._left_behind,
            has_predecessor=self._origin.predecessor is not None,
        )
        self._deployment = Deployment(self._loaded, self._generations, self._conversations, self._plane)
        return self._deployment, self._plane

    def _own_workers(self) -> set[int]:
        return running_workers(self._directory.socket_path)

    async def _until_stopped(self, *work: Coroutine[Any, Any, None]) -> None:
        """Do the work, all at once, until it is over or we are asked to stop. Raises what the work raises."""
        tasks = [asyncio.ensure_future(part) for part in work]
        stop = asyncio.ensure_future(self._stop_requested.wait())
        done, _ = await asyncio.wait([*tasks, stop], return_when=asyncio.FIRST_COMPLETED)
        for task in [*tasks, stop]:
            task.cancel()
        await asyncio.gather(*tasks, stop, return_exceptions=True)
        for task in done:
            task.result()

    async def _stop(self) -> None:
        if self._upgrader.successor:
            self._origin.service.succeeded_by(self._upgrader.successor)
            self._fleet.let_go()
            self._server.leave()
        else:
            await self._stop_workers()
            self._server.stop()
        if self._plane is not None:
            await self._plane.stop()

    async def _stop_workers(self) -> None:
        if self._fleet.generation is None:
            self._fleet.give_up()
        else:
            seconds = self._in_force.config.limits.drain
            _log.info("stopping; requests in flight have %g s", seconds)
            self._origin.service.stopping(seconds)
            self._generations.close_all()
            self._fleet.drain_all(seconds)
        await self._fleet.emptied.wait()
        if self._fleet.generation is None and self._stop_requested.is_set():
            await self._end_left_behind()

    async def _end_left_behind(self) -> None:
        """Who stops the gateway before it was ready means the workers of an earlier process too.

        In an upgrade they are ours once the old process was relieved; until then it looks after them.
        """
        if self._relief is not None:
            await self._relief
        if self._relief is not None or self._origin.predecessor is None:
            end_workers(self._own_workers())

    def _announce(self, admin: str) -> None:
        facts = {
            "listeners": self._generations.addresses(self._loaded),
            "admin": admin,
            "workers": len(self._conversations.current.places),
            "routes": len(self._loaded.config.routes),
        }
        _log.info("ready", extra={"facts": facts})
        _warn(self._loaded)
        self._tell_service()

    def _tell_service(self) -> None:
        failure = self._reloader.last_error.partition("\n")[0]
        serving = f"serving {len(self._in_force.config.routes)} routes"
        self._origin.service.ready(f"{serving}; the last reload failed: {failure}" if failure else serving)

    def _handle_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._request_stop)
        self._loop.add_signal_handler(signal.SIGHUP, self._request_reload)
        self._loop.add_signal_handler(signal.SIGUSR2, self._upgrader.request)

    def _request_stop(self) -> None:
        if self._stop_requested.is_set():
            _log.warning("stopping at once")
            self._fleet.kill_all()
        self._stop_requested.set()

    def _request_reload(self) -> "asyncio.Future[str]":
        self._conversations.broadcast({"type": "reopen"})
        return self._reloader.request()

    def _rotate_signing_keys(self) -> "asyncio.Future[str]":
        if self._plane is not None:
            return self._loop.create_task(self._plane.signing_keys.rotate())
        done = self._loop.create_future()
        done.set_result(_STARTING)
        return done

    def _list_bans(self, _: Message) -> Message:
        return {"reason": _STARTING} if self._plane is None else {"reason": "", **self._plane.bans.state()}

    def _lift_ban(self, message: Message) -> Message:
        if self._plane is None:
            return {"reason": _STARTING}
        return {"reason": "" if self._plane.bans.lift(str(message["address"])) else "this address is not banned"}

    def _change_releases(self, message: Message) -> Message:
        return {"reason": _STARTING} if self._plane is None else release_commands.answer(self._plane.releases, message)

    def _list_versions(self, message: Message) -> Message:
        return {"reason": _STARTING} if self._plane is None else version_commands.answer(self._plane.versions, message)

    def _make_explain_ticket(self, _: Message) -> Message:
        if self._plane is None:
            return {"reason": _STARTING}
        return self._plane.explain_ticket()

    def _explain_request(self, message: Message) -> "asyncio.Future[Message]":
        if self._plane is None:
            return self._not_yet()
        return self._loop.create_task(self._plane.explanations.answer(message["question"]))

    def _ask_limits(self, message: Message) -> "asyncio.Future[Message]":
        if self._plane is None:
            return self._not_yet()
        return self._loop.create_task(answer_limits(self._plane.limits, message))

    def _ask_quotas(self, message: Message) -> "asyncio.Future[Message]":
        if self._plane is None:
            return self._not_yet()
        return self._loop.create_task(answer_quotas(self._plane.limits, message))

    def _not_yet(self) -> "asyncio.Future[Message]":
        done = self._loop.create_future()
        done.set_result({"reason": _STARTING})
        return done

    def _start_successor(self) -> Successor:
        sockets: dict[str, list[int]] = {}
        for name, listening in [*self._generations.named_sockets(self._in_force), *self._plane_sockets()]:
            sockets.setdefault(name, []).append(listening.fileno())
        return Successor.start(self._origin.lock.descriptor, sockets, self._origin.service.environment)

    def _plane_sockets(self) -> list[NamedSocket]:
        return [] if self._plane is None else self._plane.admin.named_sockets()

    async def _look_around(self) -> None:
        while True:
            await asyncio.sleep(_INTERVAL)
            self._origin.service.alive()
            if self._plane is not None:
                self._plane.tick(self._in_force.config)
            if self._watch.look() and self._in_force.config.watch:
                _log.info("a file of the configuration has changed")
                self._reloader.request()

    @property
    def _in_force(self) -> Loaded:
        return self._deployment.loaded if self._deployment else self._loaded

    def _load(self) -> Loaded:
        loaded = load_configuration(self._options.file)
        check_compiles(loaded)
        return loaded

    async def _apply(self, loaded: Loaded) -> str:
        if self._deployment is None:
            return "the gateway is still starting"
        reason = await self._deployment.apply(loaded)
        if not reason:
            self._watch.watch(loaded.files)
            _warn(loaded)
        return reason

    def _keys(self, config: Any) -> Mapping[str, Any]:
        if self._plane is None:
            raise RuntimeError("no worker is answered before there are keys")
        return {
            "key_sets": dict(self._plane.keys.documents()),
            "ticket_key": self._plane.ticket_key.text,
            "signing_keys": self._plane.signing_keys.message,
            "session_keys": self._plane.session_keys.message,
            "store": self._plane.credentials.message(config),
        }

    def _received(self, channel: Channel, message: Message) -> None:
        if self._desk.serves(message):
            self._desk.on_message(channel, message)
        else:
            self._conversations.on_message(channel, message)

    def _reported(self, worker: WorkerHandle, message: Message) -> None:
        if self._plane is not None:
            self._plane.received(worker, message)

    def _lost(self, worker: WorkerHandle) -> None:
        if self._plane is not None:
            self._plane.lost(worker)

    def _gone(self, worker: WorkerHandle) -> None:
        if self._plane is not None:
            self._plane.gone(worker)


def _warn(loaded: Loaded) -> None:
    """Say what works but is doubtful, such as a certificate that has expired."""
    for warning in loaded.warnings:
        _log.warning("%s", warning)
