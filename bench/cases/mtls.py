"""What a new TLS connection costs whose client proves who it is by a certificate (ECDSA P-256)."""

from bench.cases.handshakes import Handshakes
from bench.lab import Lab
from bench.peers.peer import Peer
from bench.rounds import Probe

CASE = "mtls"


def probes(lab: Lab, peer: Peer) -> list[Probe]:
    """One probe, if the peer can be asked for it here."""
    if not peer.offers_mtls:
        return []
    return [Probe(CASE, peer.name, Handshakes(lab, lab.keep(peer, lab.scenario(peer, mtls=True))))]
