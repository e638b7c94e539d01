"""What a backend is told: end-to-end fields as they came, one hop's not at all, and the gateway's own, unforgeable."""

import re

import pytest

from wire.samples import OK, get
from wire.scenario import Wire, scenario


@scenario()
async def test_fields_of_one_hop_are_removed(wire: Wire) -> None:
    request, _ = await wire.exchange(
        get(
            "/",
            "Connection: keep-alive, X-Hop, Authorization, Cookie, Host",
            "X-Hop: 1",
            "Keep-Alive: 5",
            "Proxy-Connection: keep-alive",
            "Proxy-Authorization: Basic x",
            "TE: trailers",
            "Trailer: x",
            "Upgrade: x",
            "Authorization: Bearer x",
            "Cookie: a=b",
            "X-Kept: 1",
            "X-Kept: 2",
        ),
        OK,
    )
    names = [name for name, _ in request.fields]
    for name in (
        b"connection",
        b"x-hop",
        b"keep-alive",
        b"proxy-connection",
        b"proxy-authorization",
        b"te",
        b"upgrade",
    ):
        assert name not in names
    assert request.get(b"authorization") == b"Bearer x"
    assert request.get(b"cookie") == b"a=b"
    assert request.get_all(b"x-kept") == [b"1", b"2"]
    assert len(names) == len(set(names)) + 1


@scenario()
async def test_connection_cannot_name_the_gateways_own_fields(wire: Wire) -> None:
    named = "Connection: X-Forwarded-For, Forwarded, X-Forwarded-Proto, Via, X-Request-Id, Traceparent, Content-Length"
    request, _ = await wire.exchange(get("/", named, "Content-Length: 0"), OK)
    for name in (b"x-forwarded-for", b"forwarded", b"x-forwarded-proto", b"via", b"x-request-id", b"traceparent"):
        assert request.get(name) is not None
    assert request.length == 0


@scenario()
async def test_forwarding_fields_are_set(wire: Wire) -> None:
    request, _ = await wire.exchange(get("/"), OK)
    assert request.get(b"via") == b"1.1 hotgate"
    assert request.get(b"x-forwarded-for") == b"127.0.0.1"
    assert request.get(b"x-forwarded-proto") == b"http"
    assert request.get(b"x-forwarded-host") == b"a.example"
    assert request.get(b"forwarded") == b"for=127.0.0.1;host=a.example;proto=http"


_FORGED = (
    "X-Forwarded-For: 192.0.2.9",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: evil.example",
    "Forwarded: for=192.0.2.9;proto=https",
    "X-Real-IP: 192.0.2.9",
    "X-Auth-Subject: admin",
    "X_Auth_Subject: admin",
    "x-auth-scopes: all",
    "X_Forwarded_For: 192.0.2.9",
    "X-Forwarded_For: 192.0.2.9",
    "X.Forwarded.For: 192.0.2.9",
    "True-Client-IP: 192.0.2.9",
    "X-Original-URL: /admin",
    "X-HTTP-Method-Override: DELETE",
)


@scenario()
async def test_what_clients_forge_is_removed(wire: Wire) -> None:
    request, _ = await wire.exchange(get("/", *_FORGED), OK)
    everything = b"\n".join(value for _, value in request.fields)
    for forged in (b"192.0.2.9", b"https", b"evil", b"admin", b"DELETE", b"all"):
        assert forged not in everything
    assert request.get(b"x-forwarded-for") == b"127.0.0.1"


@scenario(settings={"underscore_headers": "refuse"})
async def test_underscores_may_be_refused(wire: Wire) -> None:
    client = await wire.send(get("/", "X_Auth_Subject: admin"))
    answer = await client.message()
    assert (answer.status, answer.code) == (400, "header-name-invalid")


@scenario(listener={"trusted_proxies": ["127.0.0.0/8"]})
async def test_a_trusted_proxy_is_believed(wire: Wire) -> None:
    sent = get("/", "X-Forwarded-For: 203.0.113.1, 192.0.2.9", "X-Forwarded-Proto: https")
    request, _ = await wire.exchange(sent, OK)
    assert request.get(b"x-forwarded-for") == b"192.0.2.9, 127.0.0.1"
    assert request.get(b"x-forwarded-proto") == b"https"
    assert wire.last_record["client"] == "192.0.2.9"
    other = await wire.send(get("/", "X-Forwarded-For: 192.0.2.10"))
    assert other is not None


@scenario(listener={"trusted_proxies": ["127.0.0.0/8"]})
async def test_each_request_of_a_trusted_proxy_has_its_own_client(wire: Wire) -> None:
    client = await wire.connect()
    for address in ("192.0.2.1", "192.0.2.2", "192.0.2.2"):
        client.send(get("/", f"X-Forwarded-For: {address}"))
        backend = await wire.backend.only()
        assert (await backend.message()).get(b"x-forwarded-for") == f"{address}, 127.0.0.1".encode()
        backend.send(OK)
        await client.message()
    client.send(get("/"))
    assert (await backend.message()).get(b"x-forwarded-for") == b"127.0.0.1"


@scenario()
async def test_ids_are_made(wire: Wire) -> None:
    request, answer = await wire.exchange(get("/"), OK)
    made = request.get(b"x-request-id")
    assert made is not None
    assert re.fullmatch(rb"[0-9a-f]{32}", made)
    assert answer.get(b"x-request-id") == made
    assert re.fullmatch(rb"00-[0-9a-f]{32}-[0-9a-f]{16}-03", request.get(b"traceparent") or b"")


@scenario()
async def test_ids_are_passed_on(wire: Wire) -> None:
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    request, answer = await wire.exchange(get("/", "X-Request-Id: mine-1", f"Traceparent: {parent}"), OK)
    assert request.get(b"x-request-id") == answer.get(b"x-request-id") == b"mine-1"
    sent_on = (request.get(b"traceparent") or b"").decode()
    assert sent_on.startswith(parent[:36])
    assert sent_on != parent


@pytest.mark.parametrize("bad", ["a b", "x" * 129, "<script>", ""])
def test_an_id_that_is_not_harmless_is_replaced(bad: str) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        _, answer = await wire.exchange(get("/", f"X-Request-Id: {bad}"), OK)
        assert re.fullmatch(rb"[0-9a-f]{32}", answer.get(b"x-request-id") or b"")

    script()


@scenario()
async def test_repeated_heads_get_ids_of_their_own(wire: Wire) -> None:
    client = await wire.connect()
    seen = set()
    for _ in range(4):
        client.send(get("/"))
        backend = await wire.backend.only()
        seen.add((await backend.message()).get(b"x-request-id"))
        backend.send(OK)
        await client.message()
    assert len(seen) == 4


@scenario(upstream={"host": "upstream"})
async def test_the_targets_own_host(wire: Wire) -> None:
    request, _ = await wire.exchange(get("/"), OK)
    assert request.get(b"host") == b"127.0.0.1:%d" % wire.backend.port
    assert request.get(b"x-forwarded-host") == b"a.example"
