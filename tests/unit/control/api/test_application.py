"""What holds for every operation: the token, paths and methods, a store that is missing or gone."""

import pytest

from hotgate.control.api.application import ENDPOINTS
from hotgate.control.api.endpoint import Endpoint
from hotgate.control.api.openapi import public_path
from unit.control.api.conftest import Api, Play

NAMES = [endpoint.name for endpoint in ENDPOINTS]


def path_of(endpoint: Endpoint) -> str:
    path = public_path(endpoint).removeprefix("/api/v1").replace("{name}", "a").replace("{id}", "a")
    query = "?provider=a&subject=b" if path == "/sessions" else ""
    return path.replace("{provider}", "a") + query


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
def test_nothing_without_the_token(play: Play, endpoint: Endpoint) -> None:
    async def script(api: Api) -> None:
        for second in ("Bearer x", ""):  # a second field spoils the right one
            answer = await api.ask(endpoint.method, path_of(endpoint), fields=[("authorization", second)])
            assert (answer.status_code, answer.json()["code"]) == (401, "admin-token-required")
        assert await api.writes() == 0

    play(script)


@pytest.mark.parametrize("endpoint", [each for each in ENDPOINTS if each.needs_store], ids=lambda each: each.name)
def test_without_a_store(play_without_store: Play, endpoint: Endpoint) -> None:
    async def script(api: Api) -> None:
        body = {
            "create-consumer": {"name": "a"},
            "create-key": {"consumer": "a"},
            "import-keys": {"keys": [{}]},
            "add-revocation": {"kind": "all", "provider": "a"},
        }.get(endpoint.name)
        answer = await api.ask(endpoint.method, path_of(endpoint), body)
        assert (answer.status_code, answer.json()["code"]) == (409, "no-store")
        assert "store: {}" in answer.json()["detail"]
        assert (await api.ask("GET", "/status")).status_code == 200

    play_without_store(script)


def test_a_store_that_cannot_be_reached(play: Play, caplog: pytest.LogCaptureFixture) -> None:
    async def script(api: Api) -> None:
        api.is_reachable = False
        for method, path, body in (("GET", "/keys", None), ("POST", "/consumers", {"name": "a"})):
            answer = await api.ask(method, path, body)
            assert (answer.status_code, answer.json()["code"]) == (503, "store-unavailable")
            assert answer.headers["retry-after"]
        assert await api.writes() == 0

    play(script)
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["list-keys", "create-consumer"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/consumers", "GET, HEAD, POST"),
        ("POST", "/consumers/acme", "DELETE, GET, HEAD, PATCH"),
        ("DELETE", "/keys/x", "GET, HEAD, PATCH"),
        ("GET", "/keys/x/revoke", "POST"),
        ("OPTIONS", "/keys", "GET, HEAD, POST"),
        ("TRACE", "/keys", "GET, HEAD, POST"),
    ],
)
def test_other_methods(play: Play, method: str, path: str, allowed: str) -> None:
    async def script(api: Api) -> None:
        answer = await api.ask(method, path)
        assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")
        assert ", ".join(sorted(answer.headers["allow"].split(", "))) == allowed
        assert not [name for name in answer.headers if name.startswith("access-control-")]

    play(script)


@pytest.mark.parametrize("path", ["/", "", "/nothing", "/keys/", "//keys", "/keys/a/b", "/keys/..%2f..", "/KEYS"])
def test_other_paths(play: Play, path: str) -> None:
    async def script(api: Api) -> None:
        answer = await api.ask("GET", path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"

    play(script)
