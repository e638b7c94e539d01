"""What it costs to know who calls, and to tell the backend so in a signed form: one caller, who is known already."""

from typing import Any

from bench.cases.throughput import throughput
from bench.lab import Lab
from bench.peers.peer import Peer
from bench.rounds import Probe
from bench.scenario import HOST

CASE = "assertion"

# By the name of the probe: what Hotgate's one route has besides `authenticate`.
_ROUTES: dict[str, dict[str, Any]] = {"token": {}, "token and assertion": {"assertion": {}}}
_ROUTE = {"name": "api", "match": {"hosts": [HOST], "path": "/*"}, "upstream": "api", "authenticate": ["corp"]}


def probes(lab: Lab, peer: Peer) -> list[Probe]:
    """Two probes of Hotgate, none of others: none of them signs anything."""
    if peer.name != "Hotgate":
        return []
    return [_probe(lab, peer, name, more) for name, more in _ROUTES.items()]


def _probe(lab: Lab, peer: Peer, name: str, more: dict[str, Any]) -> Probe:
    routes = {"routes": [{**_ROUTE, **more}]}
    return throughput(
        lab, CASE, lab.keep(peer, lab.scenario(peer, security=lab.issuer.security(), hotgate=routes)), name
    )
