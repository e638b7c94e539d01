"""Large bodies in one stream, down and up, and how much the worker's memory grows meanwhile."""

from collections.abc import Callable, Mapping

from bench.cases.growth import Growth
from bench.lab import Lab, Running
from bench.load.bulk import download, upload
from bench.peers.peer import Peer
from bench.proc import worker_of
from bench.rounds import Probe


def probes(lab: Lab, peer: Peer) -> list[Probe]:
    """Two probes on one server."""
    server = lab.keep(peer, lab.scenario(peer, backend=lab.bulk))
    return [
        Probe("download", peer.name, _Transfer(lab, server, download)),
        Probe("upload", peer.name, _Transfer(lab, server, upload)),
    ]


class _Transfer:
    """rate: bytes per second. growth: bytes of the worker's own memory at the peak, minus before."""

    def __init__(self, lab: Lab, server: Running, transfer: Callable[[int, int], float]) -> None:
        self._size = lab.settings.body
        self._server = server
        self._transfer = transfer

    def __call__(self) -> Mapping[str, float]:
        with Growth(worker_of(self._server.program.pid)) as growth:
            seconds = self._transfer(self._server.scenario.port, self._size)
        return {"rate": self._size / seconds, "growth": growth.bytes}
