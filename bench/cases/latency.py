"""What a server adds to one request at a time: the median through it minus the median straight at the backend."""

from collections.abc import Mapping

from bench.lab import Lab
from bench.load.wrk import Load, run
from bench.peers.peer import Peer
from bench.rounds import Probe
from bench.scenario import HOST, PATH

CASE = "latency"


def probes(lab: Lab, peer: Peer) -> list[Probe]:
    """One probe."""
    server = lab.keep(peer, lab.scenario(peer))
    return [Probe(CASE, server.name, _Added(lab, server.scenario.port))]


class _Added:
    """Measures the backend right before the server, so that both see the same machine."""

    def __init__(self, lab: Lab, port: int) -> None:
        self._lab = lab
        self._port = port

    def __call__(self) -> Mapping[str, float]:
        direct, through = self._median(self._lab.backend), self._median(self._port)
        return {"direct": direct, "through": through, "added": through - direct}

    def _median(self, port: int) -> float:
        load = Load(f"http://127.0.0.1:{port}{PATH}", 1, self._lab.settings.seconds / 2, (f"Host: {HOST}",))
        return run(load, self._lab.cores.load).p50
