"""Memory of a fresh server, and of every connection that is open and silent."""

import time
from collections.abc import Mapping

from bench.lab import Lab
from bench.load.idle_clients import IdleClients
from bench.load.wrk import BadRunError
from bench.peers.peer import Peer
from bench.proc import memory, process_tree, worker_of
from bench.rounds import Probe

CASE = "memory"
_SETTLE = 1.0  # seconds in which a server may give back what start-up and the connections' requests needed


def probes(lab: Lab, peer: Peer) -> list[Probe]:
    """One probe, taken once: it varies little and takes seconds."""
    return [Probe(CASE, peer.name, _Memory(lab, peer), rounds=1)]


class _Memory:
    """Bytes. worker: idle RSS of the process that carries traffic. tree: PSS of all. connection: USS of each."""

    def __init__(self, lab: Lab, peer: Peer) -> None:
        self._lab = lab
        self._peer = peer

    def __call__(self) -> Mapping[str, float]:
        count = self._lab.settings.connections
        with self._lab.running(self._peer, self._lab.scenario(self._peer)) as server:
            time.sleep(_SETTLE)
            worker = worker_of(server.program.pid)
            idle = memory(worker)
            tree = sum(memory(pid)["pss"] for pid in process_tree(server.program.pid))
            with IdleClients(server.scenario.port, count) as clients:
                time.sleep(_SETTLE)
                if (left := clients.open_now()) != count:
                    raise BadRunError(f"only {left} of {count} idle connections were kept open")
                loaded = memory(worker)
        return {"worker": idle["rss"], "tree": tree, "connection": (loaded["uss"] - idle["uss"]) / count}
