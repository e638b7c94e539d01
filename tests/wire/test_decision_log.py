"""The log of decisions, as a worker notes them."""

import json
from collections.abc import Sequence
from typing import Any

from hotgate import Exchange, Principal, Response, policy
from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.observe.decision_record import DecisionRecord, decision_lines
from hotgate.pipeline.decision import Decision
from hotgate.policies.conditions.attributes import ATTRIBUTES
from hotgate.runtime.compiling.observing import DECISION_LOG
from wire.peer import turns
from wire.samples import GET, OK, get
from wire.scenario import Wire, scenario

LOGS = {"decision_log": {"path": "decisions.log"}}
READERS = {each.name: each.read for each in ATTRIBUTES}
RULE = Decision(
    "authorize",
    "owner",
    ("routes", 0, "authorize"),
    allowed=False,
    reason="not yours",
    attributes={name: READERS[name] for name in ("principal.subject", "claims", "request.headers", "request.method")},
)


class Kept:
    """Stands in for the writer."""

    def __init__(self) -> None:
        self._records: list[DecisionRecord] = []

    def append(self, record: DecisionRecord) -> None:
        self._records.append(record)

    @property
    def lines(self) -> Sequence[dict[str, Any]]:
        return [json.loads(line) for line in decision_lines(self._records, 0.0).splitlines()]


def noted(wire: Wire) -> Kept:
    kept = Kept()
    wire.gateway.reconfigure(wire.gateway.configuration, {DECISION_LOG: kept})
    return kept


@policy(phase="authenticate")
def known(exchange: Exchange) -> None:
    exchange.principal = Principal(
        "ann\nforged",
        provider="corp",
        mechanism="jwt",
        scopes=frozenset({"read"}),
        client="app",
        claims={"pin": "1234"},
    )


@policy(phase="authorize")
def judged(exchange: Exchange) -> Response | None:
    if exchange.request.path == "/closed":
        exchange.decision = RULE
        return Response.problem(403, code="forbidden", log_detail="Bearer abcdefghijklmnopqrstuvwxyz")
    return None


@policy(phase="shape")
def moved(exchange: Exchange) -> None:
    exchange.request.path = "/elsewhere"


@scenario(policies=[known, judged, moved], settings=LOGS)
async def test_a_denial_names_its_rule_and_what_it_has_looked_at(wire: Wire) -> None:
    kept = noted(wire)
    client = await wire.send(get("/closed", "Authorization: Bearer secret-of-the-client", "Cookie: a=b"))
    await client.message()
    (line,) = kept.lines
    assert (line["decision"], line["status"], line["code"], line["route"]) == ("deny", 403, "forbidden", "all")
    assert (line["policy"], line["rule"], line["rule_path"]) == ("authorize", "owner", "routes[0].authorize")
    assert line["attributes"] == {
        "principal.subject": "ann\nforged",
        "claims": "[masked]",
        "request.headers": "[masked]",
        "request.method": "GET",
    }
    assert (line["subject"], line["application"], line["scopes"]) == ("ann\nforged", "app", ["read"])
    assert line["client"] == "127.0.0.1"
    text = decision_lines(kept._records, 0.0)
    assert text.count(b"\n") == 1
    for secret in (b"secret-of-the-client", b"1234", b"abcdefghijklmnop"):
        assert secret not in text


@scenario(policies=[known, judged, moved], settings=LOGS)
async def test_what_passes_is_allowed_and_has_the_path_that_was_asked_for(wire: Wire) -> None:
    kept = noted(wire)
    received, _ = await wire.exchange(get("/open?key=secret"), OK)
    assert received.start.startswith(b"GET /elsewhere")
    (line,) = kept.lines
    assert (line["decision"], line["path"]) == ("allow", "/open")
    assert "status" not in line
    assert "secret" not in json.dumps(line)


@policy(phase="authorize")
def sent_to_log_in(exchange: Exchange) -> Response:
    exchange.decision = RULE
    return Response(302, Headers([(b"location", b"https://login.example.com/")]))


@scenario(policies=[known, sent_to_log_in], settings={"decision_log": {"path": "decisions.log", "what": "denied"}})
async def test_a_denial_may_be_a_redirect(wire: Wire) -> None:
    kept = noted(wire)
    await (await wire.send(GET)).message()
    (line,) = kept.lines
    assert (line["decision"], line["status"], line["rule"]) == ("deny", 302, "owner")


@scenario(settings=LOGS, routes=[])
async def test_what_no_route_wants_is_denied(wire: Wire) -> None:
    kept = noted(wire)
    client = await wire.send(GET)
    await client.message()
    (line,) = kept.lines
    assert (line["decision"], line["route"], line["code"]) == ("deny", "", "route-not-found")


@scenario(policies=[judged], settings={"decision_log": {"what": "denied", "attributes": False}})
async def test_only_what_is_denied_and_nothing_of_what_was_looked_at(wire: Wire) -> None:
    kept = noted(wire)
    await wire.exchange(get("/open"), OK)
    client = await wire.send(get("/closed"))
    await client.message()
    (line,) = kept.lines
    assert line["decision"] == "deny"
    assert "attributes" not in line


@scenario(policies=[judged], settings=LOGS)
async def test_a_backend_that_is_down_denies_nothing(wire: Wire) -> None:
    kept = noted(wire)
    wire.backend.stop()
    client = await wire.send(get("/open"))
    assert (await client.message()).status == 502
    (line,) = kept.lines
    assert (line["decision"], line["status"]) == ("allow", 502)


@policy(phase="authorize")
async def never(exchange: Exchange) -> None:
    await turns(10_000)


@scenario(policies=[never], settings=LOGS)
async def test_who_leaves_before_it_is_decided_was_neither_allowed_nor_denied(wire: Wire) -> None:
    kept = noted(wire)
    client = await wire.send(GET)
    await wire.until_connected(1)
    await turns(5)
    client.reset()
    await wire.until_connected(0)
    assert kept.lines == []


@scenario()
async def test_without_a_log_no_step_is_there(wire: Wire) -> None:
    noted(wire)
    found = wire.gateway.compiled.snapshot.table.find(Request("GET", "/", Headers()))
    assert found is not None
    route = found[0]
    assert (route.before, route.after, route.finish) == ((), (), ())
