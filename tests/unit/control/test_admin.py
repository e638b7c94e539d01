import asyncio
from typing import Any

import httpx
import pytest

from hotgate.config.secret import Secret
from hotgate.control.admin import admin_application
from hotgate.control.admin_tokens import AdminTokens
from hotgate.control.administration import Administration
from unit.control.gateway_state import FakeState

TOKEN = "hga_token-of-the-tests-0123456789abcdef"
BEARER = {"authorization": f"Bearer {TOKEN}"}


class Client:
    """Asks the application without a network."""

    def __init__(self, state: FakeState, *, open_metrics: bool = True) -> None:
        tokens = AdminTokens({"ops": Secret(TOKEN)}, lambda: b"")
        administration = Administration(state, lambda: None)
        application = admin_application(administration, tokens, ["admin.internal"], open_metrics=open_metrics)
        self._transport = httpx.ASGITransport(application)

    def request(self, method: str, path: str, headers: Any = None) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://127.0.0.1:9900") as client:
                return await client.request(method, path, headers=headers)

        return asyncio.run(ask())

    def get(self, path: str, headers: Any = None) -> httpx.Response:
        return self.request("GET", path, headers)


@pytest.fixture
def state() -> FakeState:
    return FakeState()


@pytest.fixture
def client(state: FakeState) -> Client:
    return Client(state)


def test_health_does_not_depend_on_the_workers(client: Client, state: FakeState) -> None:
    state.reasons = ["worker 1 is not ready"]
    assert client.get("/healthz").status_code == 200


def test_readiness_says_why_not(client: Client, state: FakeState) -> None:
    assert client.get("/readyz").status_code == 200
    state.reasons = ["worker 1 is not ready"]
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == state.reasons


def test_metrics_and_status(client: Client) -> None:
    answer = client.get("/metrics")
    assert answer.text == "hotgate_up 1\n"
    assert answer.headers["content-type"] == "text/plain; version=0.0.4"
    assert client.get("/api/v1/status", BEARER).json()["revision"] == 7


def test_metrics_can_ask_for_the_token(state: FakeState) -> None:
    client = Client(state, open_metrics=False)
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", BEARER).text == "hotgate_up 1\n"
    assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/api/v1/status"])
def test_these_cannot_be_changed(client: Client, method: str, path: str) -> None:
    answer = client.request(method, path, BEARER)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:9900", "[::1]:9900", "localhost", "LOCALHOST:1", "admin.internal"]
)
def test_known_hosts_are_served(client: Client, host: str) -> None:
    assert client.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "",
        "[evil",
        "::1:x",
        "127.0.0.1@evil.example",
    ],
)
def test_a_name_of_somebody_else_is_refused(client: Client, host: str) -> None:
    """DNS rebinding: the browser believes to talk to evil.example, whose address is 127.0.0.1 now."""
    assert client.get("/metrics", headers={"host": host}).status_code == 421


def test_several_hosts_are_refused(client: Client) -> None:
    answer = client.get("/healthz", headers=[("host", "127.0.0.1"), ("host", "evil.example")])
    assert answer.status_code == 421


@pytest.mark.parametrize("path", ["/healthz", "/nothing"])
def test_browsers_are_told_to_do_nothing_with_the_answers(client: Client, path: str) -> None:
    answer = client.get(path, headers={"origin": "https://evil.example"})
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_refusal_of_the_host_has_the_security_fields_too(client: Client) -> None:
    assert "x-content-type-options" in client.get("/", headers={"host": "evil.example"}).headers
