"""Plain proxying of small requests over 64 kept-alive connections."""

from bench.cases.throughput import throughput
from bench.lab import Lab
from bench.peers.peer import Peer
from bench.rounds import Probe

CASE = "plain"


def probes(lab: Lab, peer: Peer) -> list[Probe]:
    """One probe."""
    return [throughput(lab, CASE, lab.keep(peer, lab.scenario(peer)))]
