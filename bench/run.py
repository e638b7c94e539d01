"""A whole run: group by group, each in a fresh lab, within the time that was given."""

import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType

from bench.cases import (
    bodies,
    decisions,
    dpop,
    handshakes,
    identity,
    latency,
    memory,
    mtls,
    overload,
    plain,
    revocation,
    routes,
    secured,
    signatures,
    startup,
    tls,
)
from bench.cores import Cores, choose_cores, pin_this_process
from bench.lab import Lab
from bench.load.wrk import BadRunError
from bench.machine import allow_open_files, machine
from bench.options import Options
from bench.peers import caddy, envoy, haproxy, hotgate, nginx, traefik
from bench.peers.peer import Peer, version_of
from bench.program import NotReadyError
from bench.results import Results
from bench.rounds import Probe, take

PEERS = (nginx.PEER, haproxy.PEER, envoy.PEER, traefik.PEER, caddy.PEER, hotgate.PEER)

# Cases of one group share rounds, so that their figures may be compared with each other.
GROUPS: tuple[Mapping[str, ModuleType], ...] = (
    {"plain": plain, "secured": secured, "routes": routes, "latency": latency},
    {"identity": identity},
    {"decisions": decisions},
    {"dpop": dpop},
    {"signatures": signatures},
    {"revocation": revocation},
    {"tls": tls, "handshakes": handshakes, "mtls": mtls},
    {"bodies": bodies},
    {"overload": overload},
    {"memory": memory, "startup": startup},
)
_OPEN_FILES = 65_536


def measure(options: Options) -> Results:
    """Every case that was asked for, on every server. Raises TooFewCoresError; failures of a server become notes."""
    deadline = time.monotonic() + options.limit
    cores = choose_cores()
    allow_open_files(_OPEN_FILES)
    peers = [peer for peer in PEERS if not options.servers or peer.name.lower() in options.servers]
    results = Results(about=_about(options, peers))
    if options.quick:
        results.note("a quick run: one short round tells whether everything works, not how fast it is")
    pin_this_process(cores.load)
    for group in GROUPS:
        cases = [module for name, module in group.items() if name in options.cases]
        if cases:
            _measure_group(cases, peers, options, (cores, deadline), results)
    return results


def _measure_group(
    cases: Iterable[ModuleType],
    peers: Sequence[Peer],
    options: Options,
    bounds: tuple[Cores, float],
    results: Results,
) -> None:
    cores, deadline = bounds
    with (
        tempfile.TemporaryDirectory(prefix="hotgate-bench-") as folder,
        Lab(cores, options.settings, Path(folder), results) as lab,
    ):
        Path(folder).chmod(0o755)  # workers of nginx run as another user
        probes = [probe for case in cases for peer in peers for probe in _offered(case, lab, peer)]
        take(probes, options.settings.rounds, deadline, results)


def _offered(case: ModuleType, lab: Lab, peer: Peer) -> Sequence[Probe]:
    """The probes of a case, or none and a note when the server does not start or does not do its part."""
    try:
        found: Sequence[Probe] = case.probes(lab, peer)
    except (BadRunError, NotReadyError) as error:
        lab.results.note(f"{case.__name__.rpartition('.')[2]} of {peer.name} left out: {error}")
        return ()
    return found


def _about(options: Options, peers: Sequence[Peer]) -> dict[str, dict[str, str]]:
    settings = options.settings
    return {
        "machine": machine(),
        "versions": {peer.name: version_of(peer) for peer in peers},
        "security of each": {peer.name: peer.security for peer in peers if peer.security},
        "settings": {
            "rounds": str(settings.rounds),
            "seconds of each load": f"{settings.seconds:g} after {settings.warm_up:g} of warm-up",
            "idle connections": f"{settings.connections:,}",
            "large body": f"{settings.body / 2**20:,.0f} MiB",
        },
    }
