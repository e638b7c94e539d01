"""What it costs to know who calls, and to tell the backend so in a signed form: one caller, who is known already."""

from bench.cases.throughput import throughput
from bench.lab import Lab
from bench.peers.peer import Peer
from bench.rounds import Probe

CASE = "assertion"
TOKEN = "token"
ASSERTION = "token and assertion"


def probes(lab: Lab, peer: Peer) -> list[Probe]:
    """Two probes of Hotgate, none of others: none of them signs anything."""
    if peer.name != "Hotgate":
        return []
    security = lab.issuer.security(per_minute=0)
    without = lab.keep(peer, lab.scenario(peer, security=security))
    signing = lab.keep(peer, lab.scenario(peer, security=security, assertion=True))
    return [throughput(lab, CASE, without, TOKEN), throughput(lab, CASE, signing, ASSERTION)]
