"""Routes: what answers, and which path the backend sees."""

import pytest

from wire.samples import OK, get
from wire.scenario import Wire, scenario

_ROUTES = [
    {"name": "moved", "match": {"path": "/moved"}, "public": True, "redirect": {"to": "/new", "status": 301}},
    {
        "name": "fixed",
        "match": {"path": "/fixed"},
        "public": True,
        "respond": {"status": 418, "headers": {"X-A": "1"}, "body": "tea"},
    },
    {"name": "empty", "match": {"path": "/empty"}, "public": True, "respond": {"status": 204}},
    {
        "name": "strip",
        "match": {"path": "/v1/*"},
        "public": True,
        "upstream": "api",
        "rewrite": {"strip_prefix": "/v1"},
    },
    {
        "name": "template",
        "match": {"path": "/users/{id}/*"},
        "public": True,
        "upstream": "api",
        "rewrite": {"path": "/u/{id}/x/*"},
    },
    {"name": "read", "match": {"path": "/doc", "methods": ["GET", "PUT"]}, "public": True, "upstream": "api"},
]


@scenario(routes=_ROUTES)
async def test_redirect(wire: Wire) -> None:
    client = await wire.send(get("/moved?a=b"))
    answer = await client.message()
    assert (answer.status, answer.get(b"location"), answer.length) == (301, b"/new", 0)
    assert answer.get(b"date") is not None


@scenario(routes=_ROUTES)
async def test_fixed_answers_to_get_and_head(wire: Wire) -> None:
    client = await wire.send(get("/fixed"), get("/fixed").replace(b"GET", b"HEAD"), get("/empty"))
    answer = await client.message()
    assert (answer.status, answer.get(b"x-a"), answer.body) == (418, b"1", b"tea")
    head = await client.message(to_head=True)
    assert (head.status, head.length) == (418, 3)
    empty = await client.message()
    assert (empty.status, empty.length) == (204, None)


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ("/v1/a/b?c=d", b"/a/b?c=d"),
        ("/v1/", b"/"),
        ("/v1//a", b"/a"),
        ("/v1/%7ea", b"/~a"),
        ("/v1/./a/../b", b"/b"),
        ("/users/7/profile", b"/u/7/x/profile"),
        ("/users/%2e%2e/v1/a", b"/a"),
        ("/users/a%20b/c?d", b"/u/a%20b/x/c?d"),
    ],
)
def test_rewriting(asked: str, seen: bytes) -> None:
    @scenario(routes=_ROUTES)
    async def script(wire: Wire) -> None:
        request, _ = await wire.exchange(get(asked), OK)
        assert request.start.split()[1] == seen

    script()


@scenario(routes=_ROUTES)
async def test_no_route(wire: Wire) -> None:
    client = await wire.send(get("/none"))
    answer = await client.message()
    assert (answer.status, answer.code, answer.closes) == (404, "route-not-found", False)
    request_id = answer.get(b"x-request-id")
    assert request_id is not None
    assert request_id in answer.body


@scenario(routes=_ROUTES)
async def test_no_method(wire: Wire) -> None:
    client = await wire.send(get("/doc").replace(b"GET", b"DELETE"))
    answer = await client.message()
    assert (answer.status, answer.code) == (405, "method-not-allowed")
    allowed = set((answer.get(b"allow") or b"").split(b", "))
    assert allowed >= {b"GET", b"PUT"}


@scenario(routes=_ROUTES)
async def test_the_gateways_own_answer_to_head_has_no_body(wire: Wire) -> None:
    client = await wire.send(get("/none").replace(b"GET", b"HEAD"), get("/empty"))
    head = await client.message(to_head=True)
    assert head.status == 404
    assert (head.length or 0) > 0
    assert (await client.message()).status == 204
