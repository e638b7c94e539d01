"""A running gateway explains: by its command, its admin API, a field of its answers, and its log of decisions."""

import json
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from hotgate.cli import app
from hotgate.keys.explain_ticket import new_ticket
from hotgate.keys.sealing_ring import SealingKey, SealingRing
from integration.admin_client import Operator
from integration.backend import Backend, backend_running
from integration.conftest import Gateway
from integration.customer import TIMEOUT, Answer, ask
from integration.served import serving

KEY = "0123456789abcdef"
CONFIG = """
decision_log: {{path: decisions.log}}
identity: {{partners: {{api_key: {{keys: [{{id: ci, sha256: "{digest}", scopes: [read]}}]}}}}}}
upstreams: {{echo: {{targets: ["{url}"]}}}}
routes:
  - name: mine
    match: {{path: "/mine/{{id}}"}}
    authenticate: [partners]
    authorize: {{scopes: [read]}}
    rate_limit: {{limit: 3/hour}}
    upstream: echo
  - name: few
    match: {{path: "/wait"}}
    public: true
    concurrency: {{limit: 1, queue: 0}}
    upstream: echo
  - name: closed
    match: {{path: "/closed"}}
    authenticate: [partners]
    authorize: {{scopes: [write]}}
    respond: {{}}
"""


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    with backend_running() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    text = CONFIG.format(digest=sha256(KEY.encode()).hexdigest(), url=backend.url)
    with serving(tmp_path_factory.mktemp("explain"), text, admin="explain: true") as running:
        yield running


def command(gateway: Gateway, *arguments: str) -> Result:
    """`hotgate explain …`."""
    return CliRunner().invoke(app, ["explain", "-c", str(gateway.file), *arguments])


def explained(gateway: Gateway, *arguments: str) -> Any:
    """The same as JSON."""
    return json.loads(command(gateway, "--json", *arguments).stdout)


def get(gateway: Gateway, path: str, *fields: tuple[str, str]) -> Answer:
    return ask(gateway.port, path, [("X-Api-Key", KEY), *fields])


def line_of(gateway: Gateway, beginning: str) -> str:
    """`file:line` of the line that begins so."""
    lines = gateway.file.read_text().splitlines()
    (number,) = [index for index, line in enumerate(lines, 1) if line.strip().startswith(beginning)]
    return f"{gateway.file}:{number}"


def decisions(gateway: Gateway) -> list[dict[str, Any]]:
    path = gateway.folder / "decisions.log"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def decision_of(gateway: Gateway, request_id: str) -> dict[str, Any]:
    """The line of one request, once it is written."""

    def found() -> list[dict[str, Any]]:
        return [each for each in decisions(gateway) if each["request_id"] == request_id]

    gateway.until(found)
    (line,) = found()
    return line


def test_a_limit_is_seen_as_it_is_and_not_spent_by_looking(gateway: Gateway) -> None:
    for used in range(3):
        for _ in range(2):
            found = explained(gateway, "/mine/7", "--api-key", KEY)
            (limit,) = next(step["limits"] for step in found["steps"] if step["policy"] == "rate_limit")
            assert (found["decision"], limit["known"], limit["remaining"]) == ("allow", True, 2 - used)
        assert get(gateway, "/mine/7").status == 200
    result = command(gateway, "/mine/7", "--api-key", KEY)
    assert result.exit_code == 1
    assert "429 rate-limited" in result.stdout
    assert "used up; wait for" in result.stdout
    assert line_of(gateway, "rate_limit") in result.stdout
    assert get(gateway, "/mine/7").status == 429


def test_what_denies_is_said_with_its_line(gateway: Gateway) -> None:
    result = command(gateway, "GET /closed", "--api-key", KEY)
    assert result.exit_code == 1
    assert f"by authorize 'scopes' at {line_of(gateway, 'authorize: {scopes: [write]}')}" in result.stdout
    assert KEY not in result.stdout


def test_places_are_seen_as_they_are_and_not_taken_by_looking(gateway: Gateway, backend: Backend) -> None:
    for _ in range(2):
        assert command(gateway, "/wait").exit_code == 0
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, gateway.port, "/wait")
        assert backend.asked.wait(TIMEOUT)
        result = command(gateway, "/wait")
        assert result.exit_code == 1
        assert "denied with 503 concurrency-limited" in result.stdout
        assert f"by concurrency 'full' at {line_of(gateway, 'concurrency')}" in result.stdout
        assert ask(gateway.port, "/wait").code == "concurrency-limited"
        backend.release.set()
        assert first.result().status == 200
    gateway.until(lambda: command(gateway, "/wait").exit_code == 0)


def test_guesses_in_explanations_ban_nobody(gateway: Gateway) -> None:
    for number in range(30):
        assert explained(gateway, "/closed", "--api-key", f"guess-number-{number}")["code"] == "key-unknown"
    assert gateway.status()["brute_force"]["active"] == 0
    assert get(gateway, "/closed").status == 403


def test_the_admin_api_says_the_same_to_who_has_a_token(gateway: Gateway) -> None:
    question = {"target": "/closed", "headers": {"x-api-key": KEY}}
    answer = Operator(gateway).ask("POST", "/explain", question)
    assert (answer.status, answer.body["code"], answer.body["live"]) == (200, "insufficient-scope", True)
    assert Operator(gateway, "x" * 40).ask("POST", "/explain", question).status == 401
    assert Operator(gateway, "x" * 40).ask("POST", "/explain-tickets", {}).status == 401


def test_an_answer_explains_itself_to_who_has_a_ticket(gateway: Gateway) -> None:
    ticket = command(gateway, "--ticket").stdout.split()[0]
    answer = get(gateway, "/closed", ("Hotgate-Explain", ticket))
    assert answer.status == 403
    facts = json.loads(answer.field("hotgate-explain"))
    assert facts["decision"]["at"] == line_of(gateway, "authorize: {scopes: [write]}")
    assert (facts["route"], facts["code"]) == ("closed", "insufficient-scope")
    assert facts["principal"]["credential"] == "ci"
    assert KEY not in str(answer.fields)
    assert get(gateway, "/nowhere", ("Hotgate-Explain", ticket)).field("hotgate-explain")
    made = Operator(gateway).make("/explain-tickets")
    assert get(gateway, "/closed", ("Hotgate-Explain", made["ticket"])).field("hotgate-explain")


def test_a_ticket_of_another_gateway_is_as_good_as_none(gateway: Gateway) -> None:
    forged, _ = new_ticket(SealingRing([SealingKey.generate(0.0)]), 4e9)
    told = get(gateway, "/closed", ("Hotgate-Explain", forged))
    without = get(gateway, "/closed")
    shown = [[name for name, _ in answer.fields] for answer in (told, without)]
    assert shown[0] == shown[1]
    assert told.status == without.status == 403


def test_decisions_are_written_and_the_file_is_opened_again(gateway: Gateway) -> None:
    denied = get(gateway, "/closed").field("x-request-id")
    line = decision_of(gateway, denied)
    assert (line["decision"], line["route"], line["code"]) == ("deny", "closed", "insufficient-scope")
    assert (line["policy"], line["rule_path"]) == ("authorize", "routes[2].authorize.scopes")
    assert (line["provider"], line["credential"], line["scopes"]) == ("partners", "ci", ["read"])
    wrong = ask(gateway.port, "/closed", [("X-Api-Key", "not-a-good-key")]).field("x-request-id")
    line = decision_of(gateway, wrong)
    assert (line["policy"], line["rule"], line["rule_path"]) == ("authenticate", "partners", "identity.partners")
    path = gateway.folder / "decisions.log"
    moved = path.rename(Path(f"{path}.1"))
    gateway.signal(signal.SIGHUP)
    gateway.until(path.exists)
    assert decision_of(gateway, get(gateway, "/closed").field("x-request-id"))
    assert KEY not in moved.read_text() + path.read_text()
