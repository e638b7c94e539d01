"""Which route a request takes by the version that it names, and that nobody gets another version's policies."""

from datetime import UTC, datetime
from typing import Any

import pytest

from wire.message import Message
from wire.played_backends import PlayedBackends
from wire.samples import OK, get
from wire.scenario import Wire, scenario

OLD, NEW = 0, 1
APIS: dict[str, Any] = {
    "orders": {
        "by": [{"header": "Api-Version"}, {"query": "version"}, {"media_type": "application/vnd.acme"}],
        "default": "v1",
        "versions": {
            "v1": {
                "deprecated": "2026-01-01T00:00:00Z",
                "sunset": "2027-01-01T00:00:00Z",
                "deprecation_link": "https://docs.example/v1",
                "sunset_link": "https://docs.example/ends",
                "successor_link": "/v2/orders",
            },
            "v2": {},
        },
    }
}
NEXT: dict[str, dict[str, Any]] = {"next": {}}
GUARDED = {"identity": {"partners": {"api_key": {"keys": [{"id": "acme", "sha256": "00" * 32}]}}}}


def route(version: str, upstream: str, path: str = "/orders", **more: Any) -> dict[str, Any]:
    return {
        "name": f"orders-{version}",
        "match": {"path": path},
        "public": True,
        "upstream": upstream,
        "version": {"api": "orders", "only": [version]},
        **more,
    }


# Version 1 is for everybody, version 2 for partners; and what nobody claims goes to anybody.
ROUTES = [
    route("v1", "api"),
    {**route("v2", "next"), "public": False, "authenticate": ["partners"]},
    {"name": "rest", "match": {"path": "/*"}, "public": True, "upstream": "api"},
]
OPEN = [route("v1", "api"), route("v2", "next")]
SETTINGS = {"apis": APIS, **GUARDED}


async def answered(wire: Wire, request: bytes) -> Message:
    client = await wire.send(request)
    return await client.message()


@pytest.mark.parametrize(
    ("request_bytes", "side"),
    [
        (get("/orders"), OLD),
        (get("/orders", "Api-Version: v1"), OLD),
        (get("/orders", "Api-Version: 2"), NEW),
        (get("/orders", "api-version: V2"), NEW),
        (get("/orders?version=2&a=b"), NEW),
        (get("/orders?ver%73ion=%32"), NEW),
        (get("/orders", "Accept: application/vnd.acme.v2+json"), NEW),
        (get("/orders", "Accept: text/html, application/vnd.acme+json;version=2;q=0.5, */*;q=0.1"), NEW),
        (get("/orders", 'Accept: application/vnd.acme; q=1; version="2"'), NEW),
        (get("/orders", "Accept: application/vnd.acme.v2+json, application/vnd.acme.v2+xml"), NEW),
        (get("/orders", "Accept: application/json;version=2"), OLD),  # another media type is another matter
        (get("/orders?version=2", "Api-Version: 2", "Accept: application/vnd.acme.2"), NEW),
    ],
)
@scenario(others=NEXT, routes=OPEN, settings=SETTINGS)
async def test_each_place_names_a_version(wire: Wire, request_bytes: bytes, side: int) -> None:
    index, received, _ = await PlayedBackends(wire).exchange(request_bytes)
    assert index == side
    assert received.get_all(b"x-hotgate-api-version") == [b"v2" if side == NEW else b"v1"]


@pytest.mark.parametrize(
    ("request_bytes", "status", "code"),
    [
        (get("/orders", "Api-Version: 2", "Api-Version: 1"), 400, "version-ambiguous"),
        (get("/orders", "Api-Version: 1", "Api-Version: 1"), 400, "version-ambiguous"),
        (get("/orders", "Api-Version: 1", "Api.Version: 2"), 400, "version-ambiguous"),
        (get("/orders?version=1&version=2"), 400, "version-ambiguous"),
        (get("/orders?version=1&ver%73ion=2"), 400, "version-ambiguous"),
        (get("/orders?version=1&Version=2"), 400, "version-ambiguous"),
        (get("/orders?a=1;version=2"), 400, "version-ambiguous"),
        (get("/orders?a=1;version=2" + ";b" * 200), 400, "version-ambiguous"),
        (get("/orders?version=1", "Api-Version: 2"), 400, "version-ambiguous"),
        (get("/orders?version=1" + "&a" * 200), 400, "version-ambiguous"),
        (
            get("/orders", "Accept: application/vnd.acme.v1+json, application/vnd.acme.v2+json"),
            400,
            "version-ambiguous",
        ),
        (
            get("/orders", "Accept: application/vnd.acme.v1", "Accept: application/vnd.acme.v2"),
            400,
            "version-ambiguous",
        ),
        (get("/orders", "Accept: application/vnd.acme.v1+json;version=2"), 400, "version-ambiguous"),
        (get("/orders", "Accept: application/vnd.acme;version=2;version=1"), 400, "version-ambiguous"),
        (get("/orders", "Accept: application/vnd.acme.v1;q=0"), 400, "version-ambiguous"),
        (get("/orders", "Accept: application/vnd.acme; version = 2"), 400, "version-ambiguous"),
        (get("/orders", 'Accept: a/b;c=", application/vnd.acme.v1, ", x/y'), 400, "version-ambiguous"),
        (get("/orders", "Accept: application/vnd.acme.v2", "Api-Version: 1"), 400, "version-ambiguous"),
        (get("/orders", "Api-Version: 3"), 400, "version-unknown"),
        (get("/orders", "Api-Version: 1, 2"), 400, "version-unknown"),
        (get("/orders?version=1.0"), 400, "version-unknown"),
        (get("/orders", "Accept: application/vnd.acme.v3+json"), 406, "version-unknown"),
    ],
)
@scenario(others=NEXT, routes=ROUTES, settings=SETTINGS)
async def test_no_confusion_leads_anywhere(wire: Wire, request_bytes: bytes, status: int, code: str) -> None:
    """Neither to the version that is open to all, nor to the route that takes what nobody claims."""
    answer = await answered(wire, request_bytes)
    assert (answer.status, answer.code) == (status, code)
    assert [backend.accepted for backend in wire.backends] == [0, 0]


@scenario(others=NEXT, routes=ROUTES, settings=SETTINGS)
async def test_a_version_has_its_own_policies(wire: Wire) -> None:
    assert (await answered(wire, get("/orders", "Api-Version: 2"))).status == 401
    index, *_ = await PlayedBackends(wire).exchange(get("/orders"))
    assert index == OLD


@scenario(routes=[route("v1", "api")], settings={"apis": {"orders": {**APIS["orders"], "default": None}}})
async def test_without_a_default_it_must_be_said(wire: Wire) -> None:
    answer = await answered(wire, get("/orders"))
    assert (answer.status, answer.code) == (400, "version-missing")
    assert b"v1, v2" in answer.body
    answer = await answered(wire, get("/orders", "Api-Version: 2"))
    assert (answer.status, answer.code) == (404, "version-not-offered")


@scenario(others=NEXT, routes=OPEN, settings=SETTINGS)
async def test_a_trailer_names_no_version(wire: Wire) -> None:
    head = b"POST /orders HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n"
    trailers = b"Api-Version: 2\r\napi_version: 2\r\nAccept: application/vnd.acme.v2+json\r\nX-Sum: 1\r\n\r\n"
    index, received, _ = await PlayedBackends(wire).exchange(head + b"2\r\nhi\r\n0\r\n" + trailers)
    assert index == OLD
    assert {name for name, _ in received.trailers} <= {b"x-sum"}


@scenario(others=NEXT, routes=OPEN, settings=SETTINGS)
async def test_what_connection_takes_away_names_no_version(wire: Wire) -> None:
    index, received, _ = await PlayedBackends(wire).exchange(
        get("/orders", "Api-Version: 2", "Connection: api-version")
    )
    told = received.get(b"x-hotgate-api-version")
    assert (index, told, received.get(b"api-version")) == (OLD, b"v1", None)


IN_PATH = [
    route("v1", "api", "/{version}/orders/{id}"),
    route("v2", "next", "/{version}/orders/{order}", rewrite={"path": "/orders/{order}"}),
    {"name": "rest", "match": {"path": "/*"}, "public": True, "upstream": "api"},
]


@scenario(others=NEXT, routes=IN_PATH, settings=SETTINGS)
async def test_a_path_names_a_version(wire: Wire) -> None:
    backends = PlayedBackends(wire)
    index, received, _ = await backends.exchange(get("/v1/orders/7"))
    assert (index, received.start) == (OLD, b"GET /v1/orders/7 HTTP/1.1")
    index, received, _ = await backends.exchange(get("/v2/orders/7", "Api-Version: 2"))
    assert (index, received.start) == (NEW, b"GET /orders/7 HTTP/1.1")


@pytest.mark.parametrize(
    ("request_bytes", "status", "code"),
    [
        (get("/v1/orders/7", "Api-Version: 2"), 400, "version-ambiguous"),
        (get("/v2/orders/7?version=1"), 400, "version-ambiguous"),
        (get("/v1/orders/7", "Api-Version: 9"), 400, "version-unknown"),
        (get("/v9/orders/7"), 404, "version-unknown"),
        (get("/V1/orders/7"), 404, "version-unknown"),
    ],
)
@scenario(others=NEXT, routes=IN_PATH, settings=SETTINGS)
async def test_a_path_and_a_field_must_agree(wire: Wire, request_bytes: bytes, status: int, code: str) -> None:
    answer = await answered(wire, request_bytes)
    assert (answer.status, answer.code) == (status, code)


@scenario(routes=[{**route("v1", "api"), "match": {"path": "/orders", "methods": ["GET"]}}], settings=SETTINGS)
async def test_a_method_that_no_version_has_is_405(wire: Wire) -> None:
    answer = await answered(wire, get("/orders").replace(b"GET", b"DELETE", 1))
    assert (answer.status, answer.get(b"allow")) == (405, b"GET, HEAD")


@scenario(others=NEXT, routes=OPEN, settings=SETTINGS)
async def test_answers_of_a_deprecated_version_say_so(wire: Wire) -> None:
    backends = PlayedBackends(wire)
    _, _, answer = await backends.exchange(get("/orders"), b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
    assert answer.get(b"vary") == b"Api-Version, Accept"
    assert answer.get(b"deprecation") == b"@1767225600"
    assert answer.get(b"sunset") == b"Fri, 01 Jan 2027 00:00:00 GMT"
    assert answer.get_all(b"link") == [
        b'<https://docs.example/v1>; rel="deprecation"',
        b'<https://docs.example/ends>; rel="sunset"',
        b'</v2/orders>; rel="successor-version"',
    ]
    _, _, answer = await backends.exchange(get("/orders", "Api-Version: 2"))
    assert not {b"deprecation", b"sunset", b"link"} & {name for name, _ in answer.fields}


BACKEND_SAYS = b"""\
HTTP/1.1 200 OK\r
Content-Length: 2\r
Deprecation: @1\r
Sunset: Thu, 01 Apr 2021 00:00:00 GMT\r
\r
ok"""


@scenario(others=NEXT, routes=OPEN, settings=SETTINGS)
async def test_the_file_says_when_a_version_ends_whatever_the_backend_says(wire: Wire) -> None:
    _, _, answer = await PlayedBackends(wire).exchange(get("/orders"), BACKEND_SAYS)
    assert [value for name, value in answer.fields if name == b"deprecation"] == [b"@1767225600"]
    assert [value for name, value in answer.fields if name == b"sunset"] == [b"Fri, 01 Jan 2027 00:00:00 GMT"]


@scenario(others=NEXT, routes=OPEN, settings=SETTINGS)
async def test_a_backend_may_say_it_where_the_file_does_not(wire: Wire) -> None:
    _, _, answer = await PlayedBackends(wire).exchange(get("/orders?version=2"), BACKEND_SAYS)
    assert answer.get(b"deprecation") == b"@1"


@pytest.mark.parametrize("named", ["Api-Version: 2", "Api-Version: 9", "Accept: application/vnd.acme.v9"])
@scenario(others=NEXT, routes=[route("v1", "api")], settings=SETTINGS)
async def test_caches_are_told_what_a_refusal_depends_on(wire: Wire, named: str) -> None:
    answer = await answered(wire, get("/orders", named))
    assert answer.status in {400, 404, 406}
    assert answer.get(b"vary") == b"Api-Version, Accept"


def ending(after_sunset: str) -> dict[str, Any]:
    orders = APIS["orders"]
    ends = {**orders["versions"]["v1"], "after_sunset": after_sunset}
    return {"apis": {"orders": {**orders, "versions": {**orders["versions"], "v1": ends}}}}


@pytest.mark.parametrize(("after_sunset", "late_status"), [("gone", 410), ("serve", 200)])
def test_after_its_sunset(after_sunset: str, late_status: int) -> None:
    @scenario(routes=[route("v1", "api")], settings=ending(after_sunset))
    async def play(wire: Wire) -> None:
        now = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()
        wire.gateway.services["wall_clock"] = lambda: now
        wire.gateway.plane._services = wire.gateway.services
        wire.gateway.reconfigure(wire.gateway.configuration)
        client = await wire.send(get("/orders"))
        backend = await wire.backend.accept()
        await backend.message()
        backend.send(OK)
        assert (await client.message()).status == 200
        now += 1
        client.send(get("/orders"))
        if late_status == 200:
            await backend.message()
            backend.send(OK)
        late = await client.message()
        assert late.status == late_status
        assert late.get(b"sunset") is not None
        assert late_status == 200 or late.code == "version-gone"

    play()


@scenario(others=NEXT, routes=OPEN, settings=SETTINGS)
async def test_a_client_cannot_say_what_the_backend_is_told(wire: Wire) -> None:
    fields = ("X-Hotgate-Api-Version: v2", "X_Hotgate_Api_Version: v2", "X.Hotgate.Api.Version: v2")
    _, received, _ = await PlayedBackends(wire).exchange(get("/orders", *fields))
    assert [value for name, value in received.fields if b"version" in name] == [b"v1"]


@scenario(routes=[{**route("v1", "api"), "version": {"api": "orders"}}], settings=SETTINGS)
async def test_one_route_serves_all_versions_and_they_are_counted_apart(wire: Wire) -> None:
    backends = PlayedBackends(wire)
    for request in (get("/orders"), get("/orders", "Api-Version: 2"), get("/orders?version=2")):
        await backends.exchange(request)
    counted = wire.gateway.plane.metrics_snapshot()["counters"]["versions"]
    assert counted == {"orders v1": 1, "orders v2": 2}
    assert (await answered(wire, get("/orders", "Api-Version: 3"))).status == 400
    assert wire.last_record["route"] == "api:orders"


@scenario(
    others=NEXT,
    routes=[{**route("v1", "api"), "version": {"api": "orders"}, "release": {"to": {"next": "100%"}}}],
    settings=SETTINGS,
)
async def test_a_version_may_have_a_release(wire: Wire) -> None:
    index, received, answer = await PlayedBackends(wire).exchange(get("/orders"))
    assert (index, received.get(b"x-hotgate-api-version")) == (NEW, b"v1")
    assert answer.get(b"deprecation") is not None
