"""What it costs to know who calls: the same small requests, plain and with each kind of credential.

Hotgate alone is asked: the question is what a credential adds to its plain proxying. Every variation is a gateway of
its own beside a plain one, and all of them share the rounds.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.cases.variation import PLAIN, Variation, probe_of
from bench.lab import Lab
from bench.load import introspection_server
from bench.load.million_keys import fill_store
from bench.peers.peer import Peer
from bench.rounds import Probe
from bench.sessions import cookie_fields, logins_of

CASE = "identity"
TOKEN = "token, seen before"
NEW_TOKEN = "token, first seen"
ASSERTION = "token, assertion for the backend"
KEY = "one of 1,000,000 keys"
OPAQUE = "opaque token, introspected before"
ORPHANED = "the same, its server gone"
SESSION = "session in a cookie"
SESSIONS = "one of 10,000 sessions"

_KEYS = 1_000_000
_SESSIONS = 10_000
_TOKENS = 12_000  # more than a worker remembers: by the time one comes again, it has been forgotten


def probes(lab: Lab, peer: Peer) -> list[Probe]:
    """A probe for each variation of Hotgate, none of others."""
    if peer.name != "Hotgate":
        return []
    return [probe_of(lab, peer, CASE, variation) for variation in _variations(lab)]


def _variations(lab: Lab) -> Iterator[Variation]:
    token = f"Authorization: Bearer {lab.issuer.token()}"
    yield Variation(PLAIN, {})
    yield Variation(TOKEN, _tokens(lab), token)
    yield Variation(NEW_TOKEN, _tokens(lab), credentials=_many_tokens(lab))
    asserted = {"name": "api", "match": {"path": "/*"}, "upstream": "api", "authenticate": ["corp"], "assertion": {}}
    yield Variation(ASSERTION, {**_tokens(lab), "routes": [asserted]}, token)
    folder = lab.folder / "million"
    keys = fill_store(folder, _KEYS)
    managed = {"identity": {"partners": {"api_key": {"managed": True}}}, "store": {}, "state_dir": str(folder)}
    yield Variation(KEY, {**managed, "routes": [_route("partners")]}, credentials=keys)
    yield _opaque(lab, OPAQUE, is_left=True)
    yield _opaque(lab, ORPHANED, is_left=False)
    logins = {**logins_of(lab.issuer.security().jwks, lab.folder / "sessions"), "routes": [_route("sso")]}
    yield Variation(SESSION, logins, next(cookie_fields(1)))
    yield Variation(SESSIONS, logins, credentials=_many_sessions(lab))


def _opaque(lab: Lab, name: str, *, is_left: bool) -> Variation:
    """is_left: whether the authorization server still answers while the gateway is measured."""
    port, program = lab.helper("bench.load.introspection_server")
    entry = {
        "endpoint": f"http://127.0.0.1:{port}{introspection_server.PATH}",
        "client": {"id": "gateway", "secret": "of the bench"},
        "audience": introspection_server.AUDIENCE,
        "cache": {"ttl": "1h"},
    }
    hotgate = {"identity": {"opaque": {"introspection": entry}}, "routes": [_route("opaque")]}
    ready = (lambda: None) if is_left else program.stop
    return Variation(name, hotgate, "Authorization: Bearer 2YotnFZFEjr1zCsicMWpAA", ready=ready)


def _tokens(lab: Lab) -> dict[str, Any]:
    security = lab.issuer.security()
    jwt = {"issuer": security.issuer, "audience": security.audience, "jwks_file": str(security.jwks)}
    return {"identity": {"corp": {"jwt": jwt}}, "routes": [_route("corp")]}


def _route(identity: str) -> dict[str, Any]:
    return {"name": "api", "match": {"path": "/*"}, "upstream": "api", "authenticate": [identity]}


def _many_sessions(lab: Lab) -> Path:
    file = lab.folder / "cookies.txt"
    with file.open("w") as lines:
        lines.writelines(f"{field}\n" for field in cookie_fields(_SESSIONS))
    return file


def _many_tokens(lab: Lab) -> Path:
    file = lab.folder / "tokens.txt"
    with file.open("w") as lines:
        for number in range(_TOKENS):
            lines.write(f"Authorization: Bearer {lab.issuer.token(jti=str(number))}\n")
    return file
