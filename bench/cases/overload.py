"""Three times as many requests as the backend bears: how many are served all the same, and how long the important wait.

A tenth of them is important. Everybody leaves after a second: what is answered later is not served.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from bench.lab import Lab
from bench.load.bounded_backend import CAPACITY, SLOTS
from bench.load.impatient import ImpatientClients
from bench.peers.peer import Peer
from bench.rounds import Probe

CASE = "overload"
UNBOUNDED, FIXED, ADAPTIVE = "no limit", "`limit: 10`", "`limit: adaptive`"

_LIMITS: Mapping[str, Mapping[str, Any]] = {
    UNBOUNDED: {},
    FIXED: {"concurrency": {"limit": SLOTS, "queue": 50, "wait": "500ms"}},
    ADAPTIVE: {"concurrency": {"limit": "adaptive", "queue": 50, "wait": "500ms"}},
}
_NORMAL, _OVERLOAD = 0.7, 3.0  # times capacity
_HIGH, _OTHER = "/high", "/normal"
_HIGH_SHARE = 0.1


def probes(lab: Lab, peer: Peer) -> list[Probe]:
    """Hotgate alone, without a limit and with each kind."""
    if peer.name != "Hotgate":
        return []
    found = []
    for name, settings in _LIMITS.items():
        backend, _ = lab.helper("bench.load.bounded_backend")  # one that another has overloaded is busy for long
        upstream = {"targets": [f"http://127.0.0.1:{backend}"], "max_connections": 4096, **settings}
        routes = [_route("high", _HIGH), _route("normal", "/*")]
        scenario = lab.scenario(peer, backend=backend, hotgate={"upstreams": {"api": upstream}, "routes": routes})
        found.append(Probe(CASE, name, _Overloaded(lab.keep(peer, scenario).scenario.port, lab.settings.seconds)))
    return found


def _route(priority: str, path: str) -> dict[str, Any]:
    return {"name": priority, "match": {"path": path}, "upstream": "api", "public": True, "priority": priority}


class _Overloaded:
    """Measures the usual load first, then the overload from its third second on, when limits have adapted."""

    def __init__(self, port: int, seconds: float) -> None:
        self._port = port
        self._seconds = seconds

    def __call__(self) -> Mapping[str, float]:
        usual = self._come(_NORMAL)
        self._come(_OVERLOAD, seconds=3.0)
        overloaded = self._come(_OVERLOAD)
        served = sum(fate.served for fate in overloaded.fates.values())
        high, usual_high = overloaded.fates[_HIGH], usual.fates[_HIGH]
        asked = high.served + high.refused + high.gave_up
        return {
            "goodput": served / self._seconds / CAPACITY,
            "high served": high.served / asked,
            "high p99": high.latencies.quantile(0.99),
            "usual p99": usual_high.latencies.quantile(0.99),
            "slower": high.latencies.quantile(0.99) / usual_high.latencies.quantile(0.99),
        }

    def _come(self, times: float, seconds: float = 0.0) -> ImpatientClients:
        rate = times * CAPACITY
        clients = ImpatientClients(self._port, {_HIGH: _HIGH_SHARE * rate, _OTHER: (1 - _HIGH_SHARE) * rate})
        asyncio.run(clients.come(seconds or self._seconds))
        return clients
