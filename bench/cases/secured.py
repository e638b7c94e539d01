"""The same requests, each with an RS256 token that is verified, a scope that is demanded, a limit that is counted."""

from collections.abc import Iterator

from bench.cases.throughput import throughput
from bench.lab import Lab
from bench.load.ask import status_of
from bench.load.wrk import BadRunError
from bench.peers.peer import Peer
from bench.rounds import Probe
from bench.tokens import TIGHT, with_broken_signature

CASE = "secured"


def probes(lab: Lab, peer: Peer) -> list[Probe]:
    """One probe, if the peer can do it. Raises BadRunError unless it proves first that it refuses what it must."""
    if not peer.security:
        return []
    lab.results.enforced[peer.name] = _enforced(lab, peer)
    return [throughput(lab, CASE, lab.keep(peer, lab.scenario(peer, security=lab.issuer.security())))]


def _enforced(lab: Lab, peer: Peer) -> list[str]:
    with lab.running(peer, lab.scenario(peer, security=lab.issuer.security())) as server:
        shown = [_judged(server.scenario.url, *expected) for expected in _expectations(lab)]
    with lab.running(peer, lab.scenario(peer, security=lab.issuer.security(per_minute=TIGHT))) as server:
        statuses = {status_of(server.scenario.url, headers=lab.issuer.credentials()) for _ in range(2 * TIGHT)}
    if 429 not in statuses:
        raise BadRunError(f"{peer.name} does not limit: {sorted(statuses)}")
    return [*shown, "over the limit → 429"]


def _expectations(lab: Lab) -> Iterator[tuple[str, tuple[int, ...], dict[str, str]]]:
    issuer = lab.issuer
    broken = with_broken_signature(issuer.token())
    yield "a valid token", (200,), dict(issuer.credentials())
    yield "no token", (401,), {}
    yield "a broken signature", (401,), {"Authorization": f"Bearer {broken}"}
    yield "an expired token", (401,), dict(issuer.credentials(exp=1_000_000_000))
    yield "another issuer", (401,), dict(issuer.credentials(iss="https://evil.example"))
    # RFC 6750 §3.1 says 401 for any invalid token; Envoy answers 403 to this one.
    yield "another audience", (401, 403), dict(issuer.credentials(aud="elsewhere"))
    yield "a missing scope", (403,), dict(issuer.credentials(scope="profile"))


def _judged(url: str, what: str, expected: tuple[int, ...], headers: dict[str, str]) -> str:
    status = status_of(url, headers=headers)
    if status not in expected:
        raise BadRunError(f"{what}: {status} instead of {expected[0]}")
    return f"{what} → {status}"
