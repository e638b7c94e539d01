"""What a proof of possession costs: small requests, plain, and each with a new ES256 proof beside a known token.

Hotgate alone is asked, as in `identity`: the question is what is left of its plain proxying.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bench.cases.throughput import CONNECTIONS, under_load
from bench.lab import Lab
from bench.load.dpop_proofs import ProofMaker
from bench.load.wrk import Load
from bench.peers.peer import Peer
from bench.rounds import Probe
from bench.scenario import HOST, PATH

CASE = "dpop"
PLAIN = "plain"
PROOF = "token, new ES256 proof"

_MOST = 20_000  # proofs a second: more than a core verifies
_SCRIPT = str(Path(__file__).parents[1] / "load" / "credentials.lua")


def probes(lab: Lab, peer: Peer) -> list[Probe]:
    """Two of Hotgate, none of others."""
    return [_plain(lab, peer), _with_proofs(lab, peer)] if peer.name == "Hotgate" else []


def _plain(lab: Lab, peer: Peer) -> Probe:
    server = lab.keep(peer, lab.scenario(peer))
    load = Load(f"{server.scenario.url}{PATH}", CONNECTIONS, 0, (f"Host: {HOST}",))
    return Probe(CASE, PLAIN, lambda: under_load(lab, server, load))


def _with_proofs(lab: Lab, peer: Peer) -> Probe:
    maker = ProofMaker(f"http://{HOST}{PATH}")
    token = lab.issuer.token(cnf=maker.confirmation)
    security = lab.issuer.security()
    jwt = {"issuer": security.issuer, "audience": security.audience, "jwks_file": str(security.jwks)}
    route = {"name": "api", "match": {"path": "/*", "hosts": [HOST]}, "upstream": "api", "authenticate": ["corp"]}
    hotgate = {"identity": {"corp": {"jwt": {**jwt, "dpop": {"required": False}}}}, "routes": [route]}
    server = lab.keep(peer, lab.scenario(peer, hotgate=hotgate), lab.issuer.credentials())
    fields = (f"Host: {HOST}", f"Authorization: DPoP {token}")
    load = Load(f"{server.scenario.url}{PATH}", CONNECTIONS, 0, fields)

    def measure() -> Mapping[str, float]:
        files = [lab.folder / f"proofs-{number}.txt" for number in range(2)]
        for file, seconds in zip(files, (lab.settings.warm_up, lab.settings.seconds), strict=True):
            maker.write(file, token, round(_MOST * max(1.0, seconds)))
        warm_up, measured = (replace(load, script=(_SCRIPT, str(file))) for file in files)
        return under_load(lab, server, measured, warm_up)

    return Probe(CASE, PROOF, measure)
