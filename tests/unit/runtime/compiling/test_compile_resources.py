"""Protected resources: what their metadata says, on which hosts, and what contradicts itself."""

import json
from typing import Any

import pytest

from hotgate.http.response import Response
from hotgate.observe.metrics import WorkerMetrics
from hotgate.pipeline.route import Route
from hotgate.runtime.compiling.compile_resources import challenge_parameter, resource_names, resource_routes
from hotgate.runtime.compiling.model import built_in_model
from hotgate.testing import make_exchange

_MODEL = built_in_model()
CORP = {"issuer": "https://idp.test", "audience": "api"}
CLIENT = {"id": "gateway", "secret": "s"}
IDENTITY: dict[str, Any] = {
    "corp": {"jwt": CORP},
    "opaque": {
        "introspection": {
            "issuer": "https://old.test",
            "audience": "api",
            "client": CLIENT,
            "token": {"query": "access_token"},
        }
    },
    "bound": {"jwt": {**CORP, "certificate_bound": "required", "token": {"bearer": False, "header": "x-t"}}},
    "proved": {"jwt": {**CORP, "dpop": {"origins": ["https://api.test"], "required": True}}},
    "unnamed": {"jwt": {"issuer": "corp", "audience": "api", "jwks_file": "keys.json"}},
    "keys": {"api_key": {"keys": [{"id": "a", "sha256": "0" * 64}]}},
}
MCP = "https://api.test/mcp"
AUTHORIZATION_SERVER = "/.well-known/oauth-authorization-server"
WELL_KNOWN = "/.well-known/oauth-protected-resource"


class Compiled:
    """documents: by host and path. wrong: by key."""

    def __init__(self, *routes: dict[str, Any]) -> None:
        self.config = _MODEL.model_validate(
            {
                "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
                "identity": IDENTITY,
                "routes": [
                    {"name": f"r{number}", "match": {"path": f"/{number}"}, "respond": {}, **route}
                    for number, route in enumerate(routes)
                ],
            }
        )
        self.wrong: list[tuple[Any, str]] = []
        self.documents: dict[tuple[str, str], dict[str, Any]] = {}
        found = resource_routes(self.config, {}, WorkerMetrics(), lambda *problem: self.wrong.append(problem))
        for pattern, route in found:
            place = (pattern.hosts[0] if pattern.hosts else "", pattern.path)
            assert place not in self.documents
            self.documents[place] = {} if pattern.path == AUTHORIZATION_SERVER else document(route)


def document(route: Route) -> dict[str, Any]:
    answer = route.before[0](make_exchange())
    assert isinstance(answer, Response)
    found: dict[str, Any] = json.loads(answer.body or b"")
    return found


def route(*names: str, resource: str = MCP, hosts: tuple[str, ...] = ("api.test",), **keys: Any) -> dict[str, Any]:
    return {"authenticate": names, "protected_resource": {"resource": resource, **keys}, "match": _match(hosts)}


def _match(hosts: tuple[str, ...], numbers: list[int] = [0]) -> dict[str, Any]:  # noqa: B006  (counts the paths)
    numbers[0] += 1
    return {"path": f"/{numbers[0]}", "hosts": hosts}


def test_what_follows_from_the_routes_is_told() -> None:
    compiled = Compiled(
        {**route("corp", "keys"), "authorize": {"scopes": ["read"]}},
        {**route("opaque"), "authorize": {"scopes": ["read"], "any_scope": ["write", "admin"]}},
        {**route("corp"), "authorize": {"scopes": ["read"], "methods": {"DELETE": {"scopes": ["delete"]}}}},
    )
    assert compiled.wrong == []
    assert compiled.documents == {
        ("api.test", f"{WELL_KNOWN}/mcp"): {
            "resource": MCP,
            "authorization_servers": ["https://idp.test", "https://old.test"],
            "scopes_supported": ["read", "write", "admin", "delete"],
            "bearer_methods_supported": ["header", "query"],
        }
    }
    assert resource_names(compiled.config) == ["resource:r0"]


def test_what_is_written_counts() -> None:
    compiled = Compiled(
        route(
            "corp",
            authorization_servers=["https://front.test"],
            scopes_supported=["a"],
            resource_name="Tools",
            resource_documentation="https://docs.test/",
        )
    )
    (document,) = compiled.documents.values()
    assert document["authorization_servers"] == ["https://front.test"]
    assert document["scopes_supported"] == ["a"]
    assert (document["resource_name"], document["resource_documentation"]) == ("Tools", "https://docs.test/")


def test_tokens_with_proofs() -> None:
    (document,) = Compiled(route("proved")).documents.values()
    assert document["dpop_bound_access_tokens_required"] is True
    assert "ES256" in document["dpop_signing_alg_values_supported"]


def test_tokens_that_must_be_bound_and_stand_elsewhere() -> None:
    (document,) = Compiled(route("bound")).documents.values()
    assert document["tls_client_certificate_bound_access_tokens"] is True
    assert document["bearer_methods_supported"] == []


def test_it_stands_on_the_hosts_of_the_routes_and_on_its_own() -> None:
    compiled = Compiled(route("corp", hosts=("A.internal", "*.b.internal")), route("corp", hosts=()))
    assert [host for host, _ in compiled.documents] == ["api.test", "a.internal", "*.b.internal", ""]


def test_public_routes_that_inherit_it_need_none() -> None:
    compiled = Compiled({"public": True, "protected_resource": {"resource": MCP}})
    assert (compiled.documents, compiled.wrong) == ({}, [])


def test_challenges_point_to_it() -> None:
    config = Compiled(route("corp"), {"public": True}).config
    pointer = b'resource_metadata="https://api.test/.well-known/oauth-protected-resource/mcp"'
    assert [challenge_parameter(each) for each in config.routes] == [pointer, b""]


PROXY: dict[str, Any] = {"authorization_server_metadata": "proxy"}


def test_the_metadata_of_the_authorization_server_stands_once_on_each_host() -> None:
    other = "https://api.test/other"
    compiled = Compiled(route("corp", **PROXY), route("corp", resource=other, hosts=("api.test", "b.test"), **PROXY))
    assert compiled.wrong == []
    places = [host for host, path in compiled.documents if path == AUTHORIZATION_SERVER]
    assert places == ["api.test", "b.test"]


@pytest.mark.parametrize(
    ("routes", "reason"),
    [
        ([route("keys")], "name `authorization_servers`"),
        ([route("unnamed")], "name `authorization_servers`"),
        (
            [route("corp", resource_name="A"), route("corp", resource_name="B")],
            "something else about the same resource",
        ),
        ([route("corp", "opaque", **PROXY)], "needs one authorization server"),
        (
            [route("corp", **PROXY), route("opaque", resource="https://api.test/b", **PROXY)],
            "stands in this place already",
        ),
    ],
)
def test_contradictions(routes: list[dict[str, Any]], reason: str) -> None:
    compiled = Compiled(*routes)
    assert len(compiled.wrong) == 1
    key, message = compiled.wrong[0]
    assert key[0] == "routes"
    assert key[2] == "protected_resource"
    assert reason in message
