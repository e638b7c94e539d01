"""Plain proxying of small requests over 64 kept-alive TLS 1.3 connections."""

from bench.cases.throughput import throughput
from bench.lab import Lab
from bench.peers.peer import Peer
from bench.rounds import Probe

CASE = "tls"


def probes(lab: Lab, peer: Peer) -> list[Probe]:
    """One probe, if the peer can be asked for TLS here."""
    if not peer.offers_tls:
        return []
    return [throughput(lab, CASE, lab.keep(peer, lab.scenario(peer, tls=True)))]
