"""The document says what is served: every route, every input, every answer."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import jsonschema  # type: ignore[import-untyped]
import pytest
from starlette.routing import Route

from hotgate.control.administration import Administration
from hotgate.control.api.application import ENDPOINTS, api_application, document
from hotgate.control.api.openapi import public_path
from hotgate.control.api.reference import reference
from hotgate.control.gateway_state import ExplainBusy
from hotgate.store.sessions.kept_session import KeptSession
from unit.control.api.conftest import NOW, Api, Play
from unit.control.gateway_state import FakeState

Ask = Callable[..., Awaitable[Any]]
PAGE = Path(__file__).parents[4] / "docs" / "admin-api.md"


def test_page_in_docs_is_up_to_date() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written == reference(document()), "run: hotgate admin openapi --markdown > docs/admin-api.md"


def test_every_route_is_in_the_document_and_nothing_else() -> None:
    application = api_application(Administration(FakeState(), lambda: None))
    served = {
        ("/api" + route.path.replace(":path}", "}"), method.lower())
        for route in application.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert len(served) == len(list(application.routes)) + sum(
        len(methods) - 1 for methods in document()["paths"].values()
    )
    assert served == {(path, method) for path, methods in document()["paths"].items() for method in methods}


def test_names_are_unique_and_references_lead_somewhere() -> None:
    names = [endpoint.name for endpoint in ENDPOINTS]
    assert len(names) == len(set(names))
    schemas = document()["components"]["schemas"]
    assert set(re.findall(r"#/components/schemas/(\w+)", str(document()))) <= schemas.keys()
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_changes_have_no_defaults_that_a_client_might_send() -> None:
    for name in ("ConsumerChanges", "KeyChanges"):
        assert "default" not in str(document()["components"]["schemas"][name])


def check(answer: httpx.Response, name: str) -> None:
    """The answer is one of those that the document has for the operation."""
    (operation,) = [
        operation
        for methods in document()["paths"].values()
        for operation in methods.values()
        if operation["operationId"] == name
    ]
    described = operation["responses"][str(answer.status_code)]
    if not described.get("content"):
        assert answer.content == b""
        return
    ((media_type, content),) = described["content"].items()
    assert answer.headers["content-type"] == media_type
    jsonschema.validate(answer.json(), {**content["schema"], "components": document()["components"]})
    if media_type == "application/problem+json":
        assert f"`{answer.json()['code']}`" in described["description"]


_WITHOUT_STORE: list[tuple[str, str, Any]] = [
    ("lift-ban", "/bans/192.0.2.1", None),
    ("list-releases", "", None),
    ("set-release-share", "/releases/orders", {"upstream": "green", "percent": 10}),
    ("set-release-share", "/releases/orders", {"upstream": "red", "percent": 10}),
    ("set-release-share", "/releases/nobody", {"upstream": "green", "percent": 10}),
    ("switch-release", "/releases/orders/switch", {"upstream": "green"}),
    ("abort-release", "/releases/orders/abort", None),
    ("reset-release", "/releases/orders", None),
    ("reset-release", "/releases/nobody", None),
    ("list-versions", "", None),
    ("list-version-callers", "/versions/orders/v1/callers", None),
    ("list-version-callers", "/versions/orders/v2/callers", None),
]


async def what_needs_no_store(ask: Ask) -> None:
    for name, path, body in _WITHOUT_STORE:
        await ask(name, path, body)


async def explanations(api: Api, ask: Ask) -> None:
    await ask("explain", json={"target": "/orders/7"})
    await ask("explain", json={})
    for trouble in (ValueError("no request"), ExplainBusy()):
        api.state.explained = trouble
        await ask("explain", json={"target": "/orders/7"})
    await ask("create-explain-ticket")
    api.state.ticket = "hgx_1", NOW
    await ask("create-explain-ticket")


LIMITS_AND_QUOTAS = (
    ("list-limited", "/limits?containing=alice"),
    *((name, f"/limits/key?limit=route/{each}&key=k") for name in ("show-limit", "reset-limit") for each in "rx"),
    ("list-quotas", "/quotas?most=5"),
    *((name, f"/quotas/key?quota=quota/{each}&key=k") for name in ("show-quota", "reset-quota") for each in "rx"),
)


async def consumers(ask: Ask) -> None:
    await ask("create-consumer", json={"name": "acme", "metadata": {"deep": [{"a": None}]}})
    await ask("create-consumer", json={"name": "acme"})
    await ask("create-consumer", json={"colour": 1})
    await ask("list-consumers", "/consumers?limit=1")
    await ask("get-consumer", "/consumers/acme")
    await ask("get-consumer", "/consumers/nobody")
    await ask("change-consumer", "/consumers/acme", {"tier": "gold"})
    await keys(ask)
    await ask("remove-consumer", "/consumers/acme")
    await ask("remove-consumer", "/consumers/acme")


async def keys(ask: Ask) -> None:
    key = await ask("create-key", json={"consumer": "acme", "expires": "2099-01-01T00:00:00Z"})
    await ask("create-key", json={"consumer": "nobody"})
    await ask("create-key", json={"consumer": "acme", "limit": "much"})
    await ask("import-keys", json={"keys": [{"sha256": "ab" * 32, "consumer": "acme"}]})
    await ask("import-keys", json={"keys": [{"sha256": "ab" * 32, "consumer": "acme"}]})
    await ask("list-keys")
    await ask("get-key", f"/keys/{key['id']}")
    await ask("get-key", "/keys/nobody")
    await ask("change-key", f"/keys/{key['id']}", {"scopes": ["a"]})
    await ask("rotate-key", f"/keys/{key['id']}/rotate", {"overlap": "0s"})
    await ask("revoke-key", f"/keys/{key['id']}/revoke")
    await ask("rotate-key", f"/keys/{key['id']}/rotate")


async def revocations(ask: Ask) -> None:
    revocation = await ask("add-revocation", json={"kind": "sub", "provider": "corp", "value": "x"})
    await ask("add-revocation", json={"kind": "sub", "provider": "corp"})
    await ask("list-revocations")
    await ask("lift-revocation", f"/revocations/{revocation['id']}")
    await ask("lift-revocation", f"/revocations/{revocation['id']}")


async def sessions_and_bans(api: Api, ask: Ask) -> None:
    await api.sessions.create(KeptSession("sso", b"d" * 32, "s1", "ada", None, b"", NOW, NOW, 60.0, NOW + 60))
    await ask("list-sessions", "/sessions?provider=sso")
    await ask("list-sessions", "/sessions?provider=nobody")
    await ask("end-session", "/sessions/sso/s1")
    await ask("end-session", "/sessions/sso/s1")
    await ask("end-sessions", "/sessions?provider=corp&subject=ada")
    api.state.banned.add("192.0.2.1")
    await ask("lift-ban", "/bans/192.0.2.1")


def test_every_documented_answer_is_given_as_documented(play: Play) -> None:
    """One of each 2xx, in an order in which they can be had, and the problems on the way."""
    seen: set[str] = set()

    async def script(api: Api) -> None:
        async def ask(name: str, path: str = "", json: Any = None) -> Any:
            (endpoint,) = [each for each in ENDPOINTS if each.name == name]
            where = path or public_path(endpoint).removeprefix("/api/v1")
            answer = await api.ask(endpoint.method, where, json)
            check(answer, name)
            if answer.is_success:
                seen.add(name)
            return answer.json() if answer.content else None

        await consumers(ask)
        await revocations(ask)
        await sessions_and_bans(api, ask)
        await what_needs_no_store(ask)
        await explanations(api, ask)
        for name, path in LIMITS_AND_QUOTAS:
            await ask(name, path)
        await ask("get-status")
        await ask("get-openapi")

    play(script)
    assert seen == {endpoint.name for endpoint in ENDPOINTS}


@pytest.mark.parametrize("path", ["/openapi.json", "/status"])
def test_operations_without_input_take_none(play: Play, path: str) -> None:
    async def script(api: Api) -> None:
        answer = await api.ask("GET", f"{path}?x=1")
        assert answer.status_code == 422
        check(answer, "get-status")

    play(script)
