"""How a running server is put under load: what the plain and the secured case share."""

from collections.abc import Mapping

from bench.cases.usage import Usage
from bench.lab import Lab, Running
from bench.load.wrk import Load, run
from bench.rounds import Probe
from bench.scenario import HOST, PATH

CONNECTIONS = 64


def throughput(lab: Lab, case: str, server: Running) -> Probe:
    """A probe of requests per second, latency, and how much of its core the server used."""
    headers = (f"Host: {HOST}", *(f"{name}: {value}" for name, value in lab.credentials(server.scenario).items()))
    url = f"{server.scenario.url}{PATH}"
    return Probe(case, server.name, lambda: under_load(lab, server, Load(url, CONNECTIONS, 0, headers)))


def under_load(lab: Lab, server: Running, load: Load, warm_up: Load | None = None) -> Mapping[str, float]:
    """rate (1/s), p50 and p99 (µs), cpu (µs per request), after a warm-up: a little of the same load, if none is given.

    busy: the share of its core that the server used; disturbed: the share of either core, whichever is worse, that
    programs took which are no part of the run.
    """
    settings = lab.settings
    first = warm_up or load
    run(_lasting(first, first.seconds or settings.warm_up), lab.cores.load)
    before = Usage.now(lab, server)
    report = run(_lasting(load, settings.seconds), lab.cores.load)
    used = Usage.now(lab, server).since(before)
    return {
        "rate": report.rate,
        "p50": report.p50,
        "p99": report.p99,
        "cpu": used.server / report.requests * 1e6,
        "busy": used.server / used.clock,
        "disturbed": used.disturbed,
    }


def _lasting(load: Load, seconds: float) -> Load:
    return Load(load.url, load.connections, seconds, load.headers, load.script)
