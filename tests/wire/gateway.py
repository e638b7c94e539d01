"""A gateway in this process, on a loopback socket, whose clock is the test's."""

import asyncio
import contextlib
import json
import socket
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from hotgate.edge.connection import ServerConnection
from hotgate.identity.verification_keys.key_sets import KeySets
from hotgate.keys.key_ring import RingHolder
from hotgate.limits.lease_client import LeaseClient
from hotgate.observe.access_log import AccessLog
from hotgate.observe.access_record import AccessRecord, lines_of
from hotgate.observe.metrics import WorkerMetrics
from hotgate.pipeline.policy import UserPolicy
from hotgate.runtime.compiling.compiled import Compiled
from hotgate.runtime.compiling.model import built_in_model
from hotgate.runtime.worker_process.data_plane import DataPlane
from wire.overload_readings import OverloadReadings

TICK = 0.25  # seconds, as the worker ticks
_POLICY_MODULE = "wire_test_policies"
_MODEL = built_in_model()


class KeptRecords:
    """Stands in for the access log; `lines` are the decoded lines."""

    def __init__(self) -> None:
        self._records: list[AccessRecord] = []

    def append(self, record: AccessRecord) -> None:
        self._records.append(record)

    def tick(self) -> None:
        """Nothing is batched."""

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in lines_of(list(self._records), 0.0).splitlines()]


class Gateway:
    """port: where it listens. now: the gateway's coarse clock, which only `advance` moves.

    configuration: of its start. readings: what it measures of itself. carry: brings messages to the authority
    of limits, if there is one (`limit_authority`).
    """

    def __init__(self, configuration: Mapping[str, Any]) -> None:
        loop = asyncio.get_running_loop()
        self.compiled: Compiled
        self.configuration = configuration
        self.records = KeptRecords()
        self.readings = OverloadReadings()
        self.now = loop.time()
        self.carry: Callable[[dict[str, Any]], None] = lambda message: None
        self.services: dict[str, Any] = {
            "limiter": LeaseClient(self._say, lambda: self.now),
            "key_sets": KeySets(lambda: self.now),
            "signing": RingHolder(),
        }
        self.plane = DataPlane(
            loop=loop,
            services=self.services,
            access_log=cast(AccessLog, self.records),
            metrics=WorkerMetrics(),
            readings=self.readings,
        )
        self.reconfigure(configuration)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32 * 1024)
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
        self.port: int = self._listening.getsockname()[1]

    @property
    def speaks_tls(self) -> bool:
        """Whether its listener does, by the configuration in force."""
        return self.compiled.snapshot.listeners["web"].tls is not None

    def change_listener(self, listener: Mapping[str, Any]) -> None:
        """Reload: put a configuration into force that differs in what it says of its listener."""
        self.reconfigure({**self.configuration, "listeners": [{"name": "web", "bind": "127.0.0.1:0", **listener}]})

    async def start(self) -> None:
        """Take connections."""
        await self.plane.listen({"web": [self._listening]})
        self.plane.tick(self.now)

    def reconfigure(self, configuration: Mapping[str, Any], services: Mapping[str, Any] | None = None) -> None:
        """Put another configuration into force, as a reload does. services: those that only this one has."""
        self.compiled = self.plane.prepare(_MODEL.model_validate(configuration), services)
        self.plane.commit(self.compiled)

    def advance(self, seconds: float) -> None:
        """Let time pass, with a tick at its end."""
        self.now += seconds
        self.plane.tick(self.now)

    @property
    def connections(self) -> int:
        """Clients that are connected."""
        return int(self.plane.metrics_snapshot()["gauges"]["connections_open"])

    @property
    def client_connections(self) -> list[ServerConnection]:
        """Those whose handshake, if any, is done."""
        return [each for each in self.plane._context.connections if isinstance(each, ServerConnection)]

    def _say(self, message: dict[str, Any]) -> None:
        self.carry(message)

    async def stop(self) -> None:
        """Cut what is left, without waiting for connections that nobody makes any more."""
        draining = asyncio.ensure_future(self.plane.drain(0.0))
        await asyncio.sleep(0)
        draining.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await draining


def declared(policies: Sequence[UserPolicy]) -> list[dict[str, str]]:
    """The value of a route's `policies:` for policies that only exist in a test."""
    module = types.ModuleType(_POLICY_MODULE)
    for index, policy in enumerate(policies):
        setattr(module, f"policy_{index}", policy)
    sys.modules[_POLICY_MODULE] = module
    return [{"use": f"{_POLICY_MODULE}:policy_{index}"} for index in range(len(policies))]
