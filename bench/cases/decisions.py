"""What it costs to decide: the same small requests, plain, with conditions of who may do what, and with limits.

Hotgate alone is asked, as in the case `identity`. Limits are so high that nobody is refused: what is measured is the
decision, not the refusal. Limits that nodes share are kept in a Valkey server on the core of the load.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.cases.variation import PLAIN, Variation, probe_of
from bench.lab import Lab
from bench.peers.peer import Peer
from bench.rounds import Probe

CASE = "decisions"
CONDITIONS = "token, role and three conditions"
LIMITS = "three rate limits"
PLAIN_PAIR = "plain, two workers"
SHARED = "three rate limits in Valkey, two workers"
CLIENTS = "one of 100,000 clients, a limit for each"
MANY = "one of 100,000 header values"

_CLIENTS = 100_000
_ALL_COME = 15.0  # seconds after which every client has come at least once
_LIMITS = [
    {"name": "second", "limit": "500000/second", "by": "address"},
    {"name": "hour", "limit": "900000000/hour", "by": "address"},
    {"name": "day", "limit": "900000000/day", "by": "route"},
]


def probes(lab: Lab, peer: Peer) -> list[Probe]:
    """A probe for each variation of Hotgate, none of others."""
    if peer.name != "Hotgate":
        return []
    return [probe_of(lab, peer, CASE, variation) for variation in _variations(lab)]


def _variations(lab: Lab) -> Iterator[Variation]:
    yield Variation(PLAIN, {})
    token = f"Authorization: Bearer {lab.issuer.token(roles=['clerk'], department='sales')}"
    yield Variation(CONDITIONS, _conditions(lab), token)
    yield Variation(LIMITS, {"routes": [_route(rate_limit=_LIMITS)]})
    yield Variation(PLAIN_PAIR, {"workers": 2})
    port, _ = lab.helper("bench.load.valkey")
    shared = {"valkey": {"url": f"valkey://127.0.0.1:{port}/0"}, "counters": {"store": "valkey"}, "workers": 2}
    yield Variation(SHARED, {**shared, "routes": [_route(rate_limit=_LIMITS)]})
    clients = _many_clients(lab)
    yield Variation(MANY, {}, credentials=clients)
    limit = {"limit": "1000/minute", "by": "header:x-client"}
    yield Variation(CLIENTS, {"routes": [_route(rate_limit=limit)]}, credentials=clients, warm_up=_ALL_COME)


def _route(**policies: Any) -> dict[str, Any]:
    return {"name": "api", "match": {"path": "/*"}, "upstream": "api", "public": True, **policies}


def _conditions(lab: Lab) -> Mapping[str, Any]:
    security = lab.issuer.security()
    jwt = {
        "issuer": security.issuer,
        "audience": security.audience,
        "jwks_file": str(security.jwks),
        "algorithms": ["RS256"],
    }
    rules = [
        {"name": "no-guests", "deny": "principal.is_anonymous"},
        {"name": "sales", "allow": 'claims.department == "sales" && request.method in ["GET", "POST"]'},
    ]
    authorize = {"roles": ["clerk"], "when": 'path.id != "0"', "policies": ["orders"]}
    return {
        "identity": {"corp": {"jwt": jwt}},
        "authorization": {"policies": {"orders": rules}},
        "routes": [
            {
                "name": "api",
                "match": {"path": "/orders/{id}"},
                "upstream": "api",
                "authenticate": ["corp"],
                "authorize": authorize,
            }
        ],
    }


def _many_clients(lab: Lab) -> Path:
    """In an order in which no client comes again soon."""
    file = lab.folder / "clients.txt"
    with file.open("w") as lines:
        for number in range(_CLIENTS):
            lines.write(f"X-Client: client-{number * 7919 % _CLIENTS}\n")
    return file
