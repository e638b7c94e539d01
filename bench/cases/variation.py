"""What a setting costs: a gateway with it beside a plain one, both asked the same small requests in the same rounds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.cases.throughput import CONNECTIONS, under_load
from bench.lab import Lab
from bench.load.wrk import Load
from bench.peers.peer import Peer
from bench.proc import memory, worker_of
from bench.rounds import Probe
from bench.scenario import HOST, PATH

PLAIN = "plain"

_SCRIPT = str(Path(__file__).parents[1] / "load" / "credentials.lua")


@dataclass(frozen=True, slots=True)
class Variation:
    """name: in the table. hotgate: its configuration. header: of every request. credentials: a file of header fields,
    a line for each request in turn.

    ready: called once the server has answered. warm_up: seconds of load before each measurement, if the usual time is
    too short.
    """

    name: str
    hotgate: Mapping[str, Any]
    header: str = ""
    credentials: Path | None = None
    ready: Callable[[], object] = lambda: None
    warm_up: float = 0.0


def probe_of(lab: Lab, peer: Peer, case: str, variation: Variation) -> Probe:
    """Starts it. Besides the figures of every load: worker, the memory of the worker in bytes, and control, that of the
    control process.
    """
    server = lab.keep(peer, lab.scenario(peer, hotgate=variation.hotgate), _first(variation))
    variation.ready()
    headers = (f"Host: {HOST}", *([variation.header] if variation.header else []))
    script = (_SCRIPT, str(variation.credentials)) if variation.credentials else ()
    load = Load(f"{server.scenario.url}{PATH}", CONNECTIONS, 0, headers, script)

    warm_up = replace(load, seconds=variation.warm_up) if variation.warm_up else None

    def measure() -> Mapping[str, float]:
        figures = under_load(lab, server, load, warm_up)
        control = server.program.pid
        return {**figures, "worker": memory(worker_of(control))["rss"], "control": memory(control)["rss"]}

    return Probe(case, variation.name, measure)


def _first(variation: Variation) -> Mapping[str, str]:
    """The credential of the request that finds out whether the server is ready."""
    line = variation.header
    if variation.credentials is not None:
        with variation.credentials.open() as lines:
            line = next(lines).strip()
    name, _, value = line.partition(": ")
    return {name: value} if name else {}
