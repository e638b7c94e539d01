"""What a signed request costs: small ones, plain, and each with an Ed25519 signature of its own (RFC 9421).

Hotgate alone is asked, as in `identity`: the question is what is left of its plain proxying.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from bench.cases.throughput import CONNECTIONS, under_load
from bench.lab import Lab
from bench.load.message_signatures import SignatureMaker
from bench.load.wrk import Load
from bench.peers.peer import Peer
from bench.rounds import Probe
from bench.scenario import HOST, PATH

CASE = "signatures"
PLAIN = "plain"
VERIFIED = "Ed25519 signature"
ONCE = "the same, each nonce once"

_MOST = 16_000  # signatures a second: more than a core verifies
_SCRIPT = str(Path(__file__).parents[1] / "load" / "credentials.lua")


def probes(lab: Lab, peer: Peer) -> list[Probe]:
    """Three of Hotgate, none of others."""
    return list(_probes(lab, peer)) if peer.name == "Hotgate" else []


def _probes(lab: Lab, peer: Peer) -> Iterator[Probe]:
    server = lab.keep(peer, lab.scenario(peer))
    load = Load(f"{server.scenario.url}{PATH}", CONNECTIONS, 0, (f"Host: {HOST}",))
    yield Probe(CASE, PLAIN, lambda: under_load(lab, server, load))
    yield _signed(lab, peer, VERIFIED, "ignored")
    yield _signed(lab, peer, ONCE, "required")


def _signed(lab: Lab, peer: Peer, name: str, nonce: str) -> Probe:
    maker = SignatureMaker(HOST, PATH)
    entry = {"keys": {"bench": {"public_key": maker.public_key}}, "nonce": nonce}
    route = {"name": "api", "match": {"path": "/*", "hosts": [HOST]}, "upstream": "api", "authenticate": ["signers"]}
    hotgate = {"identity": {"signers": {"signature": entry}}, "routes": [route]}
    server = lab.keep(peer, lab.scenario(peer, hotgate=hotgate), maker.fields())
    load = Load(f"{server.scenario.url}{PATH}", CONNECTIONS, 0, (f"Host: {HOST}",))

    def measure() -> Mapping[str, float]:
        files = [lab.folder / f"signatures-{nonce}-{number}.txt" for number in range(2)]
        for file, seconds in zip(files, (lab.settings.warm_up, lab.settings.seconds), strict=True):
            maker.write(file, round(_MOST * max(1.0, seconds)))
        warm_up, measured = (replace(load, script=(_SCRIPT, str(file))) for file in files)
        return under_load(lab, server, measured, warm_up)

    return Probe(CASE, name, measure)
