"""What is held of a body for another try, and until when; where its bytes go is tested on the wire."""

from typing import Any
from unittest.mock import Mock

from hotgate.edge.incoming import Incoming
from hotgate.edge.request_body import RequestBody
from hotgate.http.headers import Headers
from hotgate.http.request import Request


def begun(first: bytes, max_kept: int) -> tuple[RequestBody, Incoming, Any]:
    """A body of which `first` has been sent."""
    incoming = Incoming(Request("PUT", "/", Headers()))
    body = RequestBody(Mock(incoming=incoming), limit=1000)
    incoming.consumer = body
    incoming.on_data(first)
    backend = Mock()
    assert body.begin(backend, max_kept) == first
    return body, incoming, backend


def test_it_begins_again_with_all_that_was_sent() -> None:
    body, incoming, backend = begun(b"one", 10)
    incoming.on_data(b"two")
    backend.send_data.assert_called_once_with(b"two")
    body.stop()
    incoming.on_data(b"six")
    assert body.begin(Mock(), 10) == b"onetwosix"
    assert body.can_begin_again


def test_what_does_not_fit_is_let_go_at_once() -> None:
    for first, more in ((b"four", b""), (b"one", b"x")):
        body, incoming, _ = begun(first, 3)
        incoming.on_data(more)
        assert (body.can_begin_again, bytes(body._held)) == (False, b"")
        incoming.on_data(b"more")
        assert body._held == b""


def test_it_is_let_go_when_an_answer_is_there() -> None:
    body, incoming, _ = begun(b"one", 10)
    body.forget()
    incoming.on_data(b"two")
    assert (body.can_begin_again, bytes(body._held)) == (False, b"")
