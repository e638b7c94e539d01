"""How h11 understands a stream of requests or answers: the second opinion in this process."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import h11

Field = tuple[bytes, bytes]
_spaces = re.compile(rb"\A([A-Z]+) +([!-~]+) +")
_MAX_HEAD = 1024 * 1024  # bytes: size is not what is compared


class Disagreement(AssertionError):
    """Two parties read the same bytes differently. This is what a fuzzer is looking for."""


@dataclass(slots=True)
class Message:
    """start: (method, target) of a request, (status,) of an answer. fields: names in lower case."""

    start: tuple[bytes, ...]
    fields: list[Field]
    body: bytearray = field(default_factory=bytearray)
    trailers: list[Field] = field(default_factory=list)
    is_complete: bool = False

    @property
    def status(self) -> int:
        """The status code of an answer."""
        return int(self.start[0])

    def values(self, name: bytes) -> list[bytes]:
        """All values of a field."""
        return [value for field_name, value in self.fields if field_name == name]


@dataclass(slots=True)
class Reading:
    """messages: as far as they could be read; the last may be incomplete. error: why it ended, or "".

    rest: bytes that belong to no message, or only begin one.
    """

    messages: list[Message]
    error: str = ""
    rest: bytes = b""

    @property
    def complete(self) -> list[Message]:
        """The messages that ended."""
        return [message for message in self.messages if message.is_complete]


class RequestStream:
    """A server's view of one connection: bytes in, requests out."""

    def __init__(self) -> None:
        self._h11 = _server()
        self.reading = Reading([])
        self.wants_close = False
        self._is_between = True

    def feed(self, data: bytes) -> None:
        """Read on; what comes behind an error or the last request stays in `rest`."""
        if self.reading.error or self.wants_close:
            self.reading.rest += data
            return
        if self._is_between:
            data = _tidied(data)
        if data:
            self._read(data)

    def _read(self, data: bytes) -> None:
        self._h11.receive_data(data)
        try:
            while self._take(self._h11.next_event()):
                pass
            self.reading.rest = self._h11.trailing_data[0]
        except h11.RemoteProtocolError as error:
            self.reading.error = str(error)

    def _take(self, event: object) -> bool:
        messages = self.reading.messages
        if isinstance(event, h11.Request):
            self._is_between = False
            messages.append(Message((event.method, event.target), list(event.headers)))
        elif isinstance(event, h11.Data):
            messages[-1].body += event.data
        elif isinstance(event, h11.EndOfMessage):
            messages[-1].trailers = list(event.headers)
            messages[-1].is_complete = True
            self._go_on()
            return not self.wants_close
        else:
            return False
        return True

    def _go_on(self) -> None:
        """Behind a message comes the next, for a connection of h11's that is as new: or nothing more."""
        behind = self._h11.trailing_data[0]
        is_old = self._h11.their_http_version == b"1.0" and _keeps_alive(self.reading.messages[-1])
        if self._h11.their_state is h11.MUST_CLOSE and not is_old:
            self.wants_close = True
        else:
            self._is_between = True
            self._h11 = _server()
            if behind := _tidied(behind):
                self._h11.receive_data(behind)


def _tidied(data: bytes) -> bytes:
    """RFC 9112 §2.2 and §3 allow a server to take empty lines before a request line, and more spaces in it."""
    return _spaces.sub(rb"\1 \2 ", data.lstrip(b"\r\n"), count=1)


def _server() -> h11.Connection:
    return h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEAD)


def _keeps_alive(message: Message) -> bool:
    """Whether a client of HTTP/1.0 asks for it. h11 never does it the favour."""
    options = [option.strip().lower() for value in message.values(b"connection") for option in value.split(b",")]
    return b"keep-alive" in options and b"close" not in options


def read_requests(data: bytes) -> Reading:
    """The requests that a server finds in a stream."""
    stream = RequestStream()
    stream.feed(data)
    return stream.reading


def read_answers(data: bytes, methods: Sequence[bytes], *, is_ended: bool) -> Reading:
    """The answers that a client finds to requests of these methods; is_ended: the connection was closed cleanly."""
    reading = Reading([])
    rest = data
    for method in methods:
        if not rest:
            break
        connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD)
        connection.send(h11.Request(method=method, target=b"/", headers=[(b"host", b"a")]))
        connection.send(h11.EndOfMessage())
        connection.receive_data(rest)
        if is_ended:
            connection.receive_data(b"")
        try:
            _read_answer(connection, reading.messages)
        except h11.RemoteProtocolError as error:
            reading.error = str(error)
            return reading
        rest = connection.trailing_data[0]
        if connection.their_state is not h11.DONE:
            break
    reading.rest = rest
    return reading


def _read_answer(connection: h11.Connection, messages: list[Message]) -> None:
    """One final answer; interim ones are passed over (RFC 9110 §15.2)."""
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Response):
            messages.append(Message((b"%d" % event.status_code,), list(event.headers)))
        elif isinstance(event, h11.Data):
            messages[-1].body += event.data
        elif isinstance(event, h11.EndOfMessage):
            messages[-1].trailers = list(event.headers)
            messages[-1].is_complete = True
            return
        elif not isinstance(event, h11.InformationalResponse):
            return
