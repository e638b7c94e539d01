"""What it costs to know who calls: the same small requests, plain and with each kind of credential.

Hotgate alone is asked: the question is what a credential adds to its plain proxying. Every variation is a gateway of
its own beside a plain one, and all of them share the rounds.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.cases.throughput import CONNECTIONS, under_load
from bench.lab import Lab
from bench.load import introspection_server
from bench.load.million_keys import fill_store
from bench.load.wrk import Load
from bench.peers.peer import Peer
from bench.proc import memory, worker_of
from bench.rounds import Probe
from bench.scenario import HOST, PATH
from bench.sessions import cookie_fields, logins_of

CASE = "identity"
PLAIN = "plain"
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
_SCRIPT = str(Path(__file__).parents[1] / "load" / "credentials.lua")


@dataclass(frozen=True, slots=True)
class _Variation:
    """name: in the table. hotgate: its configuration. header: of every request. credentials: a file, one for each.

    ready: called once the server has answered.
    """

    name: str
    hotgate: Mapping[str, Any]
    header: str = ""
    credentials: Path | None = None
    ready: Callable[[], object] = lambda: None


def probes(lab: Lab, peer: Peer) -> list[Probe]:
    """A probe for each variation of Hotgate, none of others."""
    if peer.name != "Hotgate":
        return []
    return [_probe(lab, peer, variation) for variation in _variations(lab)]


def _variations(lab: Lab) -> Iterator[_Variation]:
    token = f"Authorization: Bearer {lab.issuer.token()}"
    yield _Variation(PLAIN, {})
    yield _Variation(TOKEN, _tokens(lab), token)
    yield _Variation(NEW_TOKEN, _tokens(lab), credentials=_many_tokens(lab))
    asserted = {"name": "api", "match": {"path": "/*"}, "upstream": "api", "authenticate": ["corp"], "assertion": {}}
    yield _Variation(ASSERTION, {**_tokens(lab), "routes": [asserted]}, token)
    folder = lab.folder / "million"
    keys = fill_store(folder, _KEYS)
    managed = {"identity": {"partners": {"api_key": {"managed": True}}}, "store": {}, "state_dir": str(folder)}
    yield _Variation(KEY, {**managed, "routes": [_route("partners")]}, credentials=keys)
    yield _opaque(lab, OPAQUE, is_left=True)
    yield _opaque(lab, ORPHANED, is_left=False)
    logins = {**logins_of(lab.issuer.security().jwks, lab.folder / "sessions"), "routes": [_route("sso")]}
    yield _Variation(SESSION, logins, next(cookie_fields(1)))
    yield _Variation(SESSIONS, logins, credentials=_many_sessions(lab))


def _opaque(lab: Lab, name: str, *, is_left: bool) -> _Variation:
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
    return _Variation(name, hotgate, "Authorization: Bearer 2YotnFZFEjr1zCsicMWpAA", ready=ready)


def _probe(lab: Lab, peer: Peer, variation: _Variation) -> Probe:
    server = lab.keep(peer, lab.scenario(peer, hotgate=variation.hotgate), _first(variation))
    variation.ready()
    headers = (f"Host: {HOST}", *([variation.header] if variation.header else []))
    script = (_SCRIPT, str(variation.credentials)) if variation.credentials else ()
    load = Load(f"{server.scenario.url}{PATH}", CONNECTIONS, 0, headers, script)

    def measure() -> Mapping[str, float]:
        figures = under_load(lab, server, load)
        return {**figures, "worker": memory(worker_of(server.program.pid))["rss"]}

    return Probe(CASE, variation.name, measure)


def _first(variation: _Variation) -> Mapping[str, str]:
    """The credential of the request that finds out whether the server is ready."""
    line = variation.header
    if variation.credentials is not None:
        with variation.credentials.open() as lines:
            line = next(lines).strip()
    name, _, value = line.partition(": ")
    return {name: value} if name else {}


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
