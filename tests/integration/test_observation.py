"""What operators see: metrics that add up over processes, one line for each request, and no secret anywhere."""

import base64
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from hotgate.testing.issuer import Issuer
from integration.backend import Backend, backend_running
from integration.conftest import Gateway
from integration.customer import ask, bearer, raw
from integration.served import metric, serving

ISSUER = Issuer()
KEY = "hg_super_secret_api_key_0123456789"
PASSWORD = "correct-horse-battery-staple"
CONFIG = """
identity:
  corp: {{jwt: {{issuer: "https://idp.test", audience: api, jwks_file: keys.json}}}}
  keys: {{api_key: {{keys: [{{id: partner, sha256: "{digest}"}}]}}}}
upstreams:
  echo: {{targets: ["{url}"]}}
routes:
  - {{name: mine, match: {{path: "/mine/*"}}, upstream: echo, authenticate: [corp, keys]}}
  - {{name: fixed, match: {{path: "/fixed"}}, public: true, respond: {{body: hello}}}}
  - {{name: leaky, match: {{path: "/leaky"}}, public: true, respond: {{}}, policies: [{{use: "leaky:leaky"}}]}}
"""
LEAKY = """
from hotgate import Exchange, Response, policy


@policy
def leaky(exchange: Exchange) -> Response | None:
    raise ValueError(f"cannot log in with {exchange.request.header('authorization')} {exchange.request.query!r}")
"""


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    with backend_running() as running:
        yield running


@pytest.fixture
def gateway(tmp_path: Path, backend: Backend) -> Iterator[Gateway]:
    (tmp_path / "keys.json").write_text(json.dumps(ISSUER.jwks()))
    (tmp_path / "leaky.py").write_text(LEAKY)
    text = CONFIG.format(url=backend.url, digest=sha256(KEY.encode()).hexdigest())
    with serving(tmp_path, text, workers=2) as running:
        yield running


def token() -> bytes:
    claims = {"iss": "https://idp.test", "aud": "api", "sub": "alice", "exp": int(time.time()) + 600}
    return ISSUER.token(claims)


def log_lines(gateway: Gateway) -> list[dict[str, Any]]:
    text = (gateway.folder / "access.log").read_text()
    return [json.loads(line) for line in text.splitlines()] if text.endswith("\n") else []


def test_metrics_and_log_lines_add_up(gateway: Gateway) -> None:
    good = bearer(token())
    for number in range(60):
        assert ask(gateway.port, f"/mine/{number}", good, method="POST", body=b"12345").status == 200
        assert ask(gateway.port, "/fixed").status == 200
        assert ask(gateway.port, "/mine/x").status == 401
        assert ask(gateway.port, "/nothing").status == 404
    gateway.until(lambda: metric(gateway, "hotgate_requests_total") == 240)
    assert metric(gateway, "hotgate_requests_total", route="mine", status="200") == 60
    assert metric(gateway, "hotgate_requests_total", route="mine", status="401") == 60
    assert metric(gateway, "hotgate_requests_total", route="fixed", status="200") == 60
    assert metric(gateway, "hotgate_requests_total", status="404") == 60
    assert metric(gateway, "hotgate_refused_total", route="mine", code="token-missing") == 60
    assert metric(gateway, "hotgate_request_bytes_total", route="mine") == 300
    assert metric(gateway, "hotgate_response_bytes_total", route="fixed") == 300
    assert metric(gateway, "hotgate_request_duration_seconds_count", route="mine") == 120
    assert metric(gateway, "hotgate_upstream_duration_seconds_count", upstream="echo") == 60
    assert metric(gateway, "hotgate_upstream_connections_total", upstream="echo") == 60
    assert metric(gateway, "hotgate_connections_total") == 240
    gateway.until(lambda: len(log_lines(gateway)) == 240)
    assert Counter((line["route"], line["status"]) for line in log_lines(gateway)) == {
        ("mine", 200): 60,
        ("fixed", 200): 60,
        ("mine", 401): 60,
        ("", 404): 60,
    }


def test_one_line_says_who_did_what(gateway: Gateway) -> None:
    sent = [*bearer(token()), ("User-Agent", 'evil"\\ agent'), ("X-Request-ID", "request-42")]
    ask(gateway.port, "/mine/a%20b?secret=1", sent)
    gateway.until(lambda: log_lines(gateway))
    (line,) = log_lines(gateway)
    assert (line["status"], line["method"], line["path"]) == (200, "GET", "/mine/a%20b")
    assert (line["route"], line["upstream"], line["provider"], line["subject"]) == ("mine", "echo", "corp", "alice")
    assert (line["request_id"], line["client"], line["user_agent"]) == ("request-42", "127.0.0.1", 'evil"\\ agent')
    assert line["upstream_ms"] <= line["duration_ms"]


def test_a_client_cannot_write_lines_of_its_own(gateway: Gateway) -> None:
    raw(
        gateway.port,
        b"GET /fixed%0A{} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nUser-Agent: \xff\xc2\x85\xe2\x80\xa8{}\r\n\r\n",
    )
    raw(gateway.port, b'GET /fixed HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Request-ID: a"}{b\r\n\r\n')
    gateway.until(lambda: len(log_lines(gateway)) == 2)
    assert '"}{' not in (gateway.folder / "access.log").read_text()


def test_clients_cannot_make_metrics_grow(gateway: Gateway) -> None:
    def names() -> set[str]:
        return {line.rpartition(" ")[0] for line in gateway.admin("/metrics")[1].splitlines()}

    def strange(number: int) -> None:
        host = [("Host", f"{number}.example.com"), ("X-Request-ID", f"id-{number}"), ("X-API-Key", f"key-{number}")]
        ask(gateway.port, f"/{number}?{number}", host, method=f"M{number}")
        ask(gateway.port, f"/mine/{number}", host)

    strange(0)
    gateway.until(lambda: metric(gateway, "hotgate_requests_total") == 2)
    before = names()
    for number in range(1, 50):
        strange(number)
    gateway.until(lambda: metric(gateway, "hotgate_requests_total") == 100)
    assert names() == before


def test_a_killed_worker_loses_at_most_its_last_second(gateway: Gateway) -> None:
    for _ in range(50):
        ask(gateway.port, "/fixed")
    gateway.until(lambda: metric(gateway, "hotgate_requests_total") == 50)
    for _ in range(30):
        ask(gateway.port, "/fixed")
    os.kill(gateway.worker_pids()[0], signal.SIGKILL)
    gateway.until(lambda: metric(gateway, "hotgate_worker_restarts_total") == 1)
    gateway.until(lambda: len(gateway.worker_pids()) == 2)
    for _ in range(20):
        ask(gateway.port, "/fixed")
    gateway.until(lambda: 70 <= metric(gateway, "hotgate_requests_total") <= 100)
    assert metric(gateway, "hotgate_workers_up") == 2


def test_a_terminated_worker_loses_nothing(gateway: Gateway) -> None:
    for _ in range(50):
        ask(gateway.port, "/fixed")
    os.kill(gateway.worker_pids()[0], signal.SIGTERM)
    gateway.until(lambda: metric(gateway, "hotgate_worker_restarts_total") == 1)
    gateway.until(lambda: metric(gateway, "hotgate_requests_total") == 50)
    gateway.until(lambda: len(log_lines(gateway)) == 50)


def test_no_secret_is_written_anywhere(gateway: Gateway) -> None:
    good = token().decode()
    basic = base64.b64encode(f"alice:{PASSWORD}".encode()).decode()
    secrets = [good, good.rpartition(".")[2], good.split(".")[1], KEY, PASSWORD, basic]
    requests = [
        ("/mine/1", [("Authorization", f"Bearer {good}")]),
        ("/mine/1", [("Authorization", f"Bearer {good}x")]),
        ("/mine/1", [("Authorization", f"Bearer {good[:-9]}"), ("Cookie", f"session={PASSWORD}")]),
        ("/mine/1", [("X-API-Key", KEY)]),
        ("/mine/1", [("X-API-Key", KEY + "x")]),
        ("/mine/1", [("Authorization", f"Basic {basic}")]),
        (f"/mine/1?access_token={good}&api_key={KEY}&password={PASSWORD}", []),
        (f"/mine/{good}", [("X-API-Key", KEY)]),
        (f"/leaky?password={PASSWORD}&key={KEY}", [("Authorization", f"Bearer {good}")]),
        ("/leaky", [("Authorization", f"Basic {basic}")]),
        ("/fixed", [("User-Agent", f"curl Bearer {good}"), ("X-Request-ID", good[:60])]),
        (f"/{good}", [("Referer", f"https://a/?token={good}")]),
    ]
    for target, fields in requests:
        assert ask(gateway.port, target, fields).status < 502
    raw(gateway.port, f"GET /{PASSWORD} HTTP/9\r\nAuthorization: Bearer {good}\r\n\r\n".encode())
    raw(gateway.port, f"GET /fixed HTTP/1.1\r\nHost: a\r\n{KEY}\r\n{PASSWORD}: \0\r\n\r\n".encode())
    gateway.until(lambda: len(log_lines(gateway)) >= len(requests))
    gateway.until(lambda: metric(gateway, "hotgate_requests_total") >= len(requests))
    written = {
        "access log": (gateway.folder / "access.log").read_text(),
        "metrics": gateway.admin("/metrics")[1],
        "status": gateway.admin("/api/v1/status")[1],
        "log": json.dumps(gateway.log),
    }
    leaks = [(where, secret) for where, text in written.items() for secret in secrets if secret in text]
    assert leaks == []
