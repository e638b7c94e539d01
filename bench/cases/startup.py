"""How long a server takes from its command line to its first answer from the backend."""

import time
from collections.abc import Mapping

from bench.lab import Lab
from bench.load.ask import wait_until_answered
from bench.peers.peer import Peer
from bench.rounds import Probe
from bench.scenario import PATH

CASE = "startup"


def probes(lab: Lab, peer: Peer) -> list[Probe]:
    """One probe; for Hotgate another until /readyz says so, which is when a balancer would send traffic."""
    first = Probe(CASE, peer.name, _Start(lab, peer))
    if peer.name != "Hotgate":
        return [first]
    return [first, Probe(CASE, "Hotgate /readyz", _Start(lab, peer, ready=True))]


class _Start:
    """ready: seconds from exec to the first 200."""

    def __init__(self, lab: Lab, peer: Peer, *, ready: bool = False) -> None:
        self._lab = lab
        self._peer = peer
        self._ready = ready

    def __call__(self) -> Mapping[str, float]:
        scenario = self._lab.scenario(self._peer)
        url, path = (f"http://127.0.0.1:{scenario.admin}", "/readyz") if self._ready else (scenario.url, PATH)
        # The admin interface refuses host names it does not know, so it is asked by address.
        headers = {"Host": "127.0.0.1"} if self._ready else {}
        started = time.perf_counter()
        program = self._lab.spawn(self._peer, scenario)
        try:
            wait_until_answered(program, url, path, headers)
            return {"ready": time.perf_counter() - started}
        finally:
            program.stop()
