"""Whether more routes make a request dearer: the same 10,000 targets on 10 and on 10,000 routes."""

from pathlib import Path

from bench.cases.throughput import CONNECTIONS, under_load
from bench.lab import Lab, Running
from bench.load.wrk import Load
from bench.peers.peer import Peer
from bench.rounds import Probe
from bench.scenario import HOST

CASE = "routes"
_SCRIPT = str(Path(__file__).parents[1] / "load" / "routes.lua")


def probes(lab: Lab, peer: Peer) -> list[Probe]:
    """Two probes of Hotgate, none of others: their routes are not what is asked."""
    if peer.name != "Hotgate":
        return []
    return [_probe(lab, lab.keep(peer, lab.scenario(peer, routes=count)), count) for count in (10, 10_000)]


def _probe(lab: Lab, server: Running, count: int) -> Probe:
    url = f"http://127.0.0.1:{server.scenario.port}/"
    load = Load(url, CONNECTIONS, 0, (f"Host: {HOST}",), (_SCRIPT, str(count)))
    return Probe(CASE, f"{count:,} routes", lambda: under_load(lab, server, load))
