"""What a new TLS connection costs: a full TLS 1.3 handshake with an ECDSA P-256 key, one request, and the end."""

from collections.abc import Mapping

from bench.cases.usage import Usage
from bench.lab import Lab, Running
from bench.load.handshakes import new_connections
from bench.peers.peer import Peer
from bench.rounds import Probe

CASE = "handshakes"


def probes(lab: Lab, peer: Peer) -> list[Probe]:
    """One probe, if the peer can be asked for TLS here."""
    if not peer.offers_tls:
        return []
    return [Probe(CASE, peer.name, Handshakes(lab, lab.keep(peer, lab.scenario(peer, tls=True))))]


class Handshakes:
    """rate: connections per second. cpu: µs of the server for each. capacity: connections per second of its core.

    The client's half of a handshake costs as much as the server's, so on equal cores it is the client that limits the
    rate of a fast server; `capacity` tells what the server's own core could do.
    """

    def __init__(self, lab: Lab, server: Running) -> None:
        self._lab = lab
        self._server = server

    def __call__(self) -> Mapping[str, float]:
        lab, server = self._lab, self._server
        scenario = server.scenario
        new_connections(scenario.port, lab.settings.warm_up, lab.cores.load, scenario.client)
        before = Usage.now(lab, server)
        made = new_connections(scenario.port, lab.settings.seconds, lab.cores.load, scenario.client)
        used = Usage.now(lab, server).since(before)
        return {
            "rate": made / used.clock,
            "cpu": used.server / made * 1e6,
            "capacity": made / used.server,
            "busy": used.server / used.clock,
            "disturbed": used.disturbed,
        }
