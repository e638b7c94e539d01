"""`Expect: 100-continue` (RFC 9110 §10.1.1): the backend decides, unless a policy wants the body first."""

from hotgate import Exchange, policy
from wire.peer import turns
from wire.samples import OK
from wire.scenario import Wire, scenario

_HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"


@scenario()
async def test_the_backend_says_continue(wire: Wire) -> None:
    client = await wire.send(_HEAD)
    backend = await wire.backend.accept()
    assert (await backend.head()).get(b"expect") == b"100-continue"
    await turns()
    assert client.received() == b""
    backend.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert await client.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.send(b"body")
    assert await backend.exactly(4) == b"body"
    backend.send(OK)
    assert not (await client.message()).closes
    client.send(_HEAD)
    await backend.head()


@scenario()
async def test_the_backend_refuses(wire: Wire) -> None:
    client = await wire.send(_HEAD)
    backend = await wire.backend.accept()
    await backend.head()
    backend.send(b"HTTP/1.1 417 X\r\nContent-Length: 2\r\n\r\nno")
    answer = await client.message()
    assert (answer.status, answer.body) == (417, b"no")
    # Whether the body comes or not cannot be known, so neither connection can be used again.
    assert await client.rest() == b""
    assert await backend.is_gone()


@scenario()
async def test_a_client_that_does_not_wait(wire: Wire) -> None:
    client = await wire.send(_HEAD, b"body")
    backend = await wire.backend.accept()
    assert (await backend.message()).body == b"body"
    backend.send(b"HTTP/1.1 100 Continue\r\n\r\n", OK)
    assert (await client.head()).status == 100
    assert (await client.message()).body == b"ok"


@scenario(limits={"request_buffer": 0})
async def test_a_client_that_did_not_ask_gets_no_100(wire: Wire) -> None:
    client = await wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n")
    backend = await wire.backend.accept()
    await backend.head()
    backend.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    client.send(b"body")
    await backend.exactly(4)
    backend.send(OK)
    assert (await client.message()).status == 200


@scenario()
async def test_http_1_0_has_no_expectations(wire: Wire) -> None:
    client = await wire.send(_HEAD.replace(b"1.1", b"1.0"), b"body")
    backend = await wire.backend.accept()
    request = await backend.message()
    assert request.get(b"expect") is None
    backend.send(b"HTTP/1.1 100 Continue\r\n\r\n", OK)
    assert (await client.message()).status == 200


@scenario()
async def test_other_expectations_are_refused(wire: Wire) -> None:
    client = await wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: magic\r\n\r\n")
    answer = await client.message()
    assert (answer.status, answer.code) == (417, "expectation-failed")
    assert wire.backend.accepted == 0


@policy(phase="authorize", body="1KiB")
def reads_the_body(exchange: Exchange) -> None:
    exchange.request.headers.set(b"x-seen", exchange.request.body or b"none")


@scenario(policies=[reads_the_body])
async def test_the_gateway_says_continue_for_a_policy(wire: Wire) -> None:
    client = await wire.send(_HEAD)
    assert await client.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert wire.backend.accepted == 0
    client.send(b"body")
    backend = await wire.backend.accept()
    request = await backend.message()
    assert request.get(b"expect") is None
    assert (request.get(b"x-seen"), request.body) == (b"body", b"body")
    backend.send(OK)
    assert (await client.message()).status == 200


@scenario(route={"max_body": "2B"})
async def test_a_refused_expectation_closes(wire: Wire) -> None:
    client = await wire.send(_HEAD)
    answer = await client.message()
    assert (answer.status, answer.closes) == (413, True)
    assert await client.rest() == b""
    assert wire.backend.accepted == 0
