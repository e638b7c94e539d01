"""External authorization as Envoy does it: what the service gets, and what of its answers goes where."""

from typing import Any

import pytest

from wire.decision_service import KEYS, decision_service, json_answer
from wire.message import Message
from wire.peer import turns
from wire.samples import ok
from wire.scenario import Wire, scenario

YES = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@scenario()
async def test_the_service_gets_the_request_and_who_sends_it(wire: Wire) -> None:
    settings = {"path_prefix": "/check", "allowed_headers": ["Cookie", "X-Session"]}
    async with decision_service(wire, {"ext_authz": settings}) as play:
        fields = ("X-Session: s1", "Cookie: a=b", "X-Private: no", "X-Auth-Subject: root")
        client = await play.request("/orders/7?a=1", *fields)
        question = await play.say(YES)
        assert question.start == b"GET /check/orders/7?a=1 HTTP/1.1"
        assert question.get(b"host") == b"127.0.0.1:%d" % play.service.port
        assert (question.get(b"x-session"), question.get(b"cookie")) == (b"s1", b"a=b")
        assert (question.get(b"x-private"), question.get(b"x-api-key")) == (None, None)
        assert question.get_all(b"x-auth-subject") == [b"alice"]
        assert (question.get(b"x-forwarded-for"), question.get(b"x-forwarded-host")) == (b"127.0.0.1", b"a.example")
        assert KEYS["alice"].encode() not in b"".join(value for _, value in question.fields)
        received = await play.passes(client)
        assert received.start == b"GET /orders/7?a=1 HTTP/1.1"


@scenario()
async def test_a_permission_may_set_listed_fields_and_no_others(wire: Wire) -> None:
    settings = {"headers_to_upstream": ["X-User-Id"], "headers_to_client_on_success": ["Set-Cookie"]}
    async with decision_service(wire, {"ext_authz": settings}) as play:
        client = await play.request("/orders/7", "X-User-Id: root", "x.user.id: root")
        await play.say(ok(b"", "X-User-Id: 42", "X-Admin: 1", "Set-Cookie: s=1", "Server: authz"))
        backend = await wire.backend.only()
        received = await backend.message()
        assert received.get_all(b"x-user-id") == [b"42"]
        assert received.get(b"x-admin") is None
        assert b"root" not in [value for _, value in received.fields]
        backend.send(YES)
        answer = await client.message()
        assert (answer.get(b"set-cookie"), answer.get(b"server")) == (b"s=1", None)


@scenario()
async def test_a_refusal_is_what_the_client_gets_with_listed_fields(wire: Wire) -> None:
    async with decision_service(wire, {"ext_authz": {}}) as play:
        client = await play.request()
        fields = ("Content-Type: text/html", 'WWW-Authenticate: Bearer realm="x"', "Server: authz", "X-Admin: 1")
        await play.say(ok(b"<p>No", *fields).replace(b"200 OK", b"401 Unauthorized"))
        answer = await client.message()
        assert (answer.status, answer.body, answer.get(b"content-type")) == (401, b"<p>No", b"text/html")
        assert answer.get(b"www-authenticate") == b'Bearer realm="x"'
        assert (answer.get(b"server"), answer.get(b"x-admin")) == (None, None)
        assert wire.last_record["log_detail"] == "pdp: the service answers 401"
        assert wire.backend.accepted == 0


@scenario()
async def test_a_redirect_to_a_login_is_a_refusal_like_any_other(wire: Wire) -> None:
    async with decision_service(wire, {"ext_authz": {}}) as play:
        client = await play.request()
        await play.say(b"HTTP/1.1 302 Found\r\nLocation: https://login.example/\r\nContent-Length: 0\r\n\r\n")
        answer = await client.message()
        assert (answer.status, answer.get(b"location")) == (302, b"https://login.example/")


@pytest.mark.parametrize("status", [200, 204, 299])
@scenario()
async def test_every_2xx_lets_the_request_pass(wire: Wire, status: int) -> None:
    async with decision_service(wire, {"ext_authz": {}}) as play:
        client = await play.request()
        length = b"" if status == 204 else b"Content-Length: 0\r\n"
        await play.say(b"HTTP/1.1 %d X\r\n%b\r\n" % (status, length))
        await play.passes(client)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 403 X\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 600 X\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 020 X\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-User-Id: 1\r\n X-Admin: 1\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-User-Id: a\rb\r\nContent-Length: 0\r\n\r\n",
    ],
)
@scenario()
async def test_what_is_no_answer(wire: Wire, answer: bytes) -> None:
    kind = {"ext_authz": {"headers_to_upstream": ["x-user-id"]}}
    async with decision_service(wire, kind) as play:
        client = await play.request()
        await play.say(answer)
        assert (await client.message()).code == "decision-unavailable"


@scenario()
async def test_the_body_goes_along_where_the_file_says_so(wire: Wire) -> None:
    async with decision_service(wire, {"ext_authz": {"body": "4B"}}) as play:
        fields = f"X-API-Key: {KEYS['alice']}\r\nContent-Type: text/plain\r\n".encode()
        head = b"POST /orders/7 HTTP/1.1\r\nHost: a.example\r\n" + fields
        client = await wire.send(head + b"Content-Length: 4\r\n\r\nbody")
        question = await play.say(YES)
        assert (question.body, question.get(b"content-type")) == (b"body", b"text/plain")
        assert (await play.passes(client)).body == b"body"
        client = await wire.send(head + b"Content-Length: 5\r\n\r\nbody!")
        assert (await client.message()).status == 413
        assert play.service.accepted == 1


@scenario()
async def test_a_service_may_decide_about_callers_that_the_gateway_does_not_know(wire: Wire) -> None:
    async with decision_service(wire, {"ext_authz": {}}, public=True) as play:
        client = await wire.send(b"GET /orders/7 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer t\r\n\r\n")
        question = await play.say(YES)
        assert question.get(b"authorization") == b"Bearer t"
        await play.passes(client)


@scenario()
async def test_what_is_kept_holds_for_the_very_same_request(wire: Wire) -> None:
    kind: dict[str, Any] = {"ext_authz": {"allowed_headers": ["x-session"]}}
    async with decision_service(wire, kind, cache={"for": "10s", "denied_for": "10s"}) as play:
        client = await play.request("/orders/7", "X-Session: s1")
        await play.say(YES)
        await play.passes(client)
        await play.passes(await play.request("/orders/7", "X-Session: s1", "X-Other: 2"))
        denied = b"HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno"
        for target, field in (("/orders/7", "X-Session: s2"), ("/orders/7?a=1", "X-Session: s1")):
            client = await play.request(target, field)
            await play.say(denied)
            assert (await client.message()).body == b"no"
        again: Message = await (await play.request("/orders/7", "X-Session: s2")).message()
        assert (again.status, again.body) == (403, b"no")


@scenario()
async def test_a_fixed_field_takes_the_place_of_the_clients(wire: Wire) -> None:
    kind = {"ext_authz": {"allowed_headers": ["authorization"], "headers": {"Authorization": "Bearer gateway"}}}
    async with decision_service(wire, kind, public=True) as play:
        client = await wire.send(b"GET /orders/7 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer t\r\n\r\n")
        assert (await play.say(json_answer({}))).get_all(b"authorization") == [b"Bearer gateway"]
        assert (await play.passes(client)).get(b"authorization") == b"Bearer t"


@scenario()
async def test_a_refusal_that_is_too_large_or_compressed_lets_nobody_pass(wire: Wire) -> None:
    """Callers choose path and fields of the question, and so, often, the page that refuses them."""
    kind = {"ext_authz": {"allowed_headers": ["accept-encoding"]}}
    async with decision_service(
        wire, kind, on_failure="allow", max_answer="1KiB", breaker={"consecutive_failures": 1}
    ) as play:
        for fields, size in (((), 1025), (("Content-Encoding: gzip",), 8)):
            client = await play.request()
            (await play.service.accept()).send(ok(b"x" * size, *fields).replace(b"200 OK", b"403 X"))
            assert (await client.message()).code == "decision-unavailable"
        assert wire.backend.accepted == 0


COOKIE = {"headers_to_client": ["set-cookie"]}
CACHE = {"for": "10s", "denied_for": "10s", "key": ["principal.provider"]}


def refusal(cookie: str) -> bytes:
    return ok(b"", f"Set-Cookie: {cookie}").replace(b"200 OK", b"401 X")


@scenario()
async def test_a_cookie_is_for_the_one_who_asked_and_is_not_kept(wire: Wire) -> None:
    """Two callers who look alike to the service must not get one session."""
    async with decision_service(wire, {"ext_authz": COOKIE}, cache=CACHE) as play:
        first = await play.request()
        await play.asked()
        second = await play.request()
        await turns()
        (await play.service.only()).send(refusal("s=1"))
        assert (await first.message()).get(b"set-cookie") == b"s=1"
        await play.say(refusal("s=2"))  # to a question of its own
        assert (await second.message()).get(b"set-cookie") == b"s=2"
        third = await play.request()
        await play.say(refusal("s=3"))
        assert (await third.message()).get(b"set-cookie") == b"s=3"
