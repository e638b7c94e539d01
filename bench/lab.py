"""The bench of the bench: starts backends and servers on their cores, lends them to cases, ends all of them."""

import itertools
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from bench.certificate import make_certificate
from bench.cores import Cores, pinned, strays
from bench.load.ask import wait_until_answered
from bench.load.backend import backend_command
from bench.peers.peer import Peer
from bench.ports import Ports
from bench.proc import process_tree
from bench.program import NotReadyError, Program
from bench.results import Results
from bench.scenario import PATH, Scenario, Security
from bench.tokens import TokenIssuer

_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Running:
    """A server that has answered its first request with 200."""

    name: str
    scenario: Scenario
    program: Program


@dataclass(frozen=True, slots=True)
class Settings:
    """seconds: length of one load. rounds: how often every server is measured. connections: idle ones to hold.

    body: bytes of a large body. warm_up: seconds of load before each measurement that do not count.
    """

    seconds: float
    rounds: int
    connections: int
    body: int
    warm_up: float = 1.0


class Lab:
    """A context manager. backend, bulk: ports of the small and the large-body backend. backends: their pids."""

    def __init__(self, cores: Cores, settings: Settings, folder: Path, results: Results) -> None:
        self.cores = cores
        self.settings = settings
        self.results = results
        self.folder = folder
        self.issuer = TokenIssuer(folder)
        self._certificate = make_certificate(folder, "server")
        self._client = make_certificate(folder, "client")
        self.backends: list[int] = []
        self._ports = Ports()
        self._numbers = itertools.count()
        self._stack = ExitStack()
        self.backend = self._ports.next()
        self.bulk = self._ports.next()

    def __enter__(self) -> "Lab":
        with ExitStack() as stack:
            programs = [
                self._serve(stack, backend_command(self.folder, self.backend), self.backend),
                self._serve(stack, [sys.executable, "-m", "bench.load.bulk_backend", str(self.bulk)], self.bulk),
            ]
            self.backends += [program.pid for program in programs]
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def scenario(
        self,
        peer: Peer,
        *,
        backend: int | None = None,
        routes: int = 0,
        security: Security | None = None,
        tls: bool = False,
        mtls: bool = False,
        hotgate: Mapping[str, Any] | None = None,
    ) -> Scenario:
        """A scenario with a folder and ports of its own; the small backend unless another port is given."""
        folder = self.folder / f"{peer.name.replace(' ', '').replace('+', '-').lower()}-{next(self._numbers)}"
        folder.mkdir()
        port, admin = self._ports.next(), self._ports.next()
        certificate = self._certificate if tls or mtls else None
        client = self._client if mtls else None
        ports = (port, backend or self.backend, admin)
        return Scenario(*ports, folder, routes, security, certificate, client, hotgate or {})

    def spawn(self, peer: Peer, scenario: Scenario) -> Program:
        """Start a server on its core without waiting for it; the caller stops it."""
        launch = peer.launch(scenario)
        return Program(pinned(self.cores.server, launch.command), scenario.folder / "output.log", launch.env)

    @contextmanager
    def running(
        self, peer: Peer, scenario: Scenario, credentials: Mapping[str, str] | None = None
    ) -> Iterator[Running]:
        """A server for the length of a `with`, ready and proven to stay on its core. Raises NotReadyError.

        credentials: header fields without which it does not answer 200, if they are not those of `credentials`.
        """
        program = self.spawn(peer, scenario)
        try:
            self._wait(program, scenario, credentials)
            if elsewhere := strays(process_tree(program.pid), self.cores.server):
                raise NotReadyError(f"{peer.name} left its core: {elsewhere}")
            yield Running(peer.name, scenario, program)
        finally:
            program.stop()

    def keep(self, peer: Peer, scenario: Scenario, credentials: Mapping[str, str] | None = None) -> Running:
        """A server that runs until the lab closes."""
        return self._stack.enter_context(self.running(peer, scenario, credentials))

    def helper(self, module: str) -> tuple[int, Program]:
        """A program of the bench's own on a port of its own, until the lab closes or it is stopped."""
        port = self._ports.next()
        return port, self._serve(self._stack, [sys.executable, "-m", module, str(port)], port)

    def credentials(self, scenario: Scenario) -> Mapping[str, str]:
        """What a request needs to pass: nothing, or a valid token."""
        return self.issuer.credentials() if scenario.security else {}

    def _wait(self, program: Program, scenario: Scenario, credentials: Mapping[str, str] | None) -> None:
        small = "/service-0/1" if scenario.routes else PATH
        path = "/bytes/1" if scenario.backend == self.bulk else small
        headers = self.credentials(scenario) if credentials is None else credentials
        wait_until_answered(program, scenario.url, path, headers, client=scenario.client)

    def _serve(self, stack: ExitStack, command: list[str], port: int) -> Program:
        program = Program(
            pinned(self.cores.load, command), self.folder / f"backend-{port}.log", {"PYTHONPATH": str(_ROOT)}
        )
        stack.callback(program.stop)
        program.wait_for_port(port)
        return program
