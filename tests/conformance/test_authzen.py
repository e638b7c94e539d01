"""OpenID AuthZEN, Authorization API 1.0, section by section; its examples and interoperability tables are data."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from hotgate.config.decision_points.authzen import AuthZen, AuthZenQuestion
from hotgate.policies.conditions.attributes import attributes_of
from hotgate.policies.decision_points.authzen import AuthZenKind
from hotgate.policies.decision_points.contract import NoDecision, Question
from hotgate.testing import make_exchange, make_principal
from hotgate.upstream.side_call import SideAnswer
from wire.samples import OK
from wire.scenario import Wire, scenario

FOLDER = Path(__file__).parent / "authzen"
EXAMPLES = json.loads((FOLDER / "examples.json").read_text())
GATEWAY = json.loads((FOLDER / "gateway_decisions.json").read_text())
TODO = json.loads((FOLDER / "todo_decisions.json").read_text())
ATTRIBUTES = attributes_of((), {}, has_body=False)
JSON = (b"content-type", b"application/json")


def kind(**settings: Any) -> AuthZenKind:
    return AuthZenKind(AuthZen.model_validate({"upstream": "pdp", **settings}))


def question(ask: dict[str, Any], subject: str = "alice") -> Question:
    compiled = kind().compile(AuthZenQuestion.model_validate(ask), ATTRIBUTES)
    return compiled.of(make_exchange(principal=make_principal(subject)))


def name_of(example: dict[str, Any]) -> str:
    return f"{example['section']} {example.get('what', '')}"


@pytest.mark.parametrize("example", EXAMPLES["requests"], ids=name_of)
def test_section_5_and_6_1_requests(example: dict[str, Any]) -> None:
    sent = json.loads(kind().request([question(example["ask"])], "id-1").body)
    assert {name: sent[name] for name in example["part"]} == example["part"]
    assert {"subject", "action", "resource"} <= sent.keys()  # section 6.1: required


@pytest.mark.parametrize("example", EXAMPLES["boxcarred"], ids=name_of)
def test_section_7_1_several_requests(example: dict[str, Any]) -> None:
    request = kind().request([question(ask) for ask in example["asks"]], "id-1")
    assert (request.target, json.loads(request.body)) == (b"/access/v1/evaluations", example["body"])


def test_section_7_1_1_what_differs_is_said_of_each() -> None:
    asks = [{"context": {"a": "1"}}, {}, {"subject": {"id": "'bob'"}, "context": {"a": "1"}}]
    sent = json.loads(kind().request([question(ask) for ask in asks], "id-1").body)
    assert sent.keys() == {"action", "resource", "evaluations", "options"}
    assert [each.get("context") for each in sent["evaluations"]] == [{"a": 1}, None, {"a": 1}]


def test_section_7_1_1_true_is_not_one() -> None:
    asks = [{"context": {"a": "true"}}, {"context": {"a": "1"}}, {"context": {"a": "1.0"}}]
    sent = json.loads(kind().request([question(ask) for ask in asks], "id-1").body)
    assert json.dumps([each["context"]["a"] for each in sent["evaluations"]]) == "[true, 1, 1.0]"


@pytest.mark.parametrize("example", EXAMPLES["answers"], ids=name_of)
def test_section_5_5_and_7_2_answers(example: dict[str, Any]) -> None:
    settings = {"evaluations_semantic": example["semantic"]} if "semantic" in example else {}
    asked = [question({})] * example.get("asked", len(example["allowed"]))
    verdicts = kind(**settings).verdicts(SideAnswer(200, (JSON,), json.dumps(example["body"]).encode()), asked)
    assert [each.allowed for each in verdicts] == example["allowed"]
    if "reasons" in example:
        assert [each.reason for each in verdicts] == example["reasons"]
    assert [each.said_to_client for each in verdicts] == example.get("said", [""] * len(verdicts))


def test_section_10_1_the_https_binding() -> None:
    one = kind().request([question({})], "bfe9eb29")
    assert (one.method, one.target) == ("POST", b"/access/v1/evaluation")
    assert dict(one.fields)[b"content-type"] == b"application/json"
    assert dict(one.fields)[b"x-request-id"] == b"bfe9eb29"  # section 10.1.3


@pytest.mark.parametrize(
    "body",
    [
        {"decision": True, "future": {"nested": [1]}},
        {"future": 1, "decision": True, "context": {"future": {"a": "b"}}},
    ],
)
def test_section_10_1_1_unknown_members_are_ignored(body: dict[str, Any]) -> None:
    (verdict,) = kind().verdicts(SideAnswer(200, (JSON,), json.dumps(body).encode()), [question({})])
    assert verdict.allowed


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
def test_section_10_1_2_an_error_is_no_decision(status: int) -> None:
    with pytest.raises(NoDecision) as error:
        kind().verdicts(SideAnswer(status, (JSON,), b'{"decision": true}'), [question({})])
    assert error.value.is_outage is (status == 503)


@pytest.mark.parametrize(
    "body",
    [
        b'{"decision": true, "decision": false}',
        b'{"decision": true, "\\u0064ecision": false}',
        b'{"decision": true, "context": {"reason": "\\ud800"}}',
        b'{"decision": true, "context": {"number": 1e999}}',
        b'{"decision": true, "context": {"number": NaN}}',
        b'{"decision": true, "context": {"reason": "\xff"}}',
        b'{"decision": true, "context": ' + b'{"a": ' * 30 + b"1" + b"}" * 31,
    ],
)
def test_section_11_5_json_that_is_read_differently_is_refused(body: bytes) -> None:
    with pytest.raises(NoDecision):
        kind().verdicts(SideAnswer(200, (JSON,), body), [question({})])


@pytest.mark.parametrize("row", TODO["rows"], ids=lambda row: f"{row[0]} {row[1]} {row[4]}")
def test_todo_interoperability_requests(row: list[Any]) -> None:
    """The gateway says what the table says; who decides answers as the table does."""
    who, action, resource, identifier, owner, allowed = row
    properties = {} if owner is None else {"ownerID": f"'{owner}'"}
    about = {"type": resource, "id": f"'{identifier}'", "properties": properties}
    ask = {"subject": {}, "action": {"name": f"'{action}'"}, "resource": about}
    asked = question(ask, TODO["subjects"][who])
    assert asked.content == {
        "subject": {"type": "user", "id": TODO["subjects"][who]},
        "action": {"name": action},
        "resource": {"type": resource, "id": identifier} | ({"properties": {"ownerID": owner}} if owner else {}),
    }
    (verdict,) = kind().verdicts(SideAnswer(200, (JSON,), json.dumps({"decision": allowed}).encode()), [asked])
    assert verdict.allowed is allowed


class Pdp:
    """Decides as the table for gateways does. Anything else is a bad request (section 10.1.2)."""

    def __init__(self) -> None:
        self._table = {
            (GATEWAY["subjects"][who], method, route): allowed for who, method, route, allowed in GATEWAY["rows"]
        }

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One question after another."""
        try:
            while True:
                line, *fields = (await reader.readuntil(b"\r\n\r\n"))[:-4].decode().split("\r\n")
                said = dict(field.lower().split(": ", 1) for field in fields)
                body = await reader.readexactly(int(said["content-length"]))
                status, answer = self._answer(line, said, body)
                content = json.dumps(answer).encode()
                head = f"Content-Type: application/json\r\nX-Request-ID: {said['x-request-id']}\r\n"
                writer.write(f"HTTP/1.1 {status} X\r\n{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, line: str, said: dict[str, str], body: bytes) -> tuple[int, Any]:
        if line != "POST /access/v1/evaluation HTTP/1.1" or said.get("content-type") != "application/json":
            return 400, "not an access evaluation"
        asked = json.loads(body)
        subject, action, resource = asked["subject"], asked["action"], asked["resource"]
        if (subject["type"], resource["type"]) != ("identity", "route"):
            return 400, "unknown types"
        return 200, {"decision": self._table[subject["id"], action["name"], resource["id"]]}


@asynccontextmanager
async def todo_gateway(wire: Wire) -> AsyncIterator[None]:
    """The gateway before the Todo API, with the table's callers."""
    pdp = Pdp()
    server = await asyncio.start_server(pdp.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    keys = [
        {"id": who, "consumer": subject, "sha256": sha256(f"key-of-{who}-00001".encode()).hexdigest()}
        for who, subject in GATEWAY["subjects"].items()
    ]
    routes = [
        {
            "name": f"route-{index}",
            "match": {"path": route, "methods": [method]},
            "upstream": "api",
            "authenticate": ["people"],
            "authorize": {"decide": [{"point": "pdp", "ask": {"resource": {"type": "route", "id": f"'{route}'"}}}]},
        }
        for index, (method, route) in enumerate(dict.fromkeys((row[1], row[2]) for row in GATEWAY["rows"]))
    ]
    wire.gateway.reconfigure(
        {
            **wire.gateway.configuration,
            "identity": {"people": {"api_key": {"keys": keys}}},
            "upstreams": {
                **wire.gateway.configuration["upstreams"],
                "pdp": {"targets": [f"http://127.0.0.1:{port}"]},
            },
            "authorization": {
                "decision_points": {
                    "pdp": {"authzen": {"upstream": "pdp", "ask": {"subject": {"type": "identity"}}}, "timeout": "5s"}
                }
            },
            "routes": routes,
        }
    )
    wire.gateway.advance(0)
    try:
        yield
    finally:
        server.close()


@scenario()
async def test_gateway_interoperability_table(wire: Wire) -> None:
    async with todo_gateway(wire):
        client = await wire.connect()
        for who, method, route, allowed in GATEWAY["rows"]:
            target = route.replace("{userId}", "beth").replace("{todoId}", "7")
            head = (
                f"{method} {target} HTTP/1.1\r\nHost: a\r\nX-API-Key: key-of-{who}-00001\r\nContent-Length: 0\r\n\r\n"
            )
            client.send(head.encode())
            if allowed:
                backend = await wire.backend.only()
                await backend.message()
                backend.send(OK)
            assert (await client.message()).status == (200 if allowed else 403), (who, method, route)
