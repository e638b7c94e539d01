"""One request, one answer."""

from wire.scenario import Wire, scenario


@scenario()
async def test_a_request_and_its_answer(wire: Wire) -> None:
    client = await wire.send(b"GET /a?b=c HTTP/1.1\r\nHost: a.example\r\nX-One: 1\r\n\r\n")
    backend = await wire.backend.accept()
    request = await backend.message()
    assert request.start == b"GET /a?b=c HTTP/1.1"
    assert request.get(b"host") == b"a.example"
    assert request.get(b"x-one") == b"1"
    backend.send(b"HTTP/1.1 200 Fine\r\nContent-Length: 2\r\nX-Two: 2\r\n\r\nhi")
    answer = await client.message()
    assert answer.start == b"HTTP/1.1 200 OK"
    assert (answer.get(b"x-two"), answer.body) == (b"2", b"hi")
