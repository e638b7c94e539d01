"""What the model knows of each side: what was sent, and what it must have come to."""

from dataclasses import dataclass, field

from fuzz.readings import Message, RequestStream, read_answers

from wire.memory_connection import Endpoint

IDEMPOTENT = ("GET", "HEAD", "PUT", "DELETE")


@dataclass
class Sent:
    """A request. may_fail: something happened after which the gateway may answer for the backend.

    answers: the whole answers that backends began to give to it, by their bodies.
    """

    number: int
    method: str
    body: bytes
    is_chunked: bool
    closes: bool
    may_fail: bool = False
    arrivals: list["BackendSide"] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)

    @property
    def data(self) -> bytes:
        """Its bytes on the wire."""
        framing, body = b"", self.body
        if self.is_chunked:
            piece = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            framing, body = b"Transfer-Encoding: chunked\r\n", piece + b"0\r\n\r\n"
        elif body:
            framing = b"Content-Length: %d\r\n" % len(body)
        closing = b"Connection: close\r\n" if self.closes else b""
        return b"%b /%d HTTP/1.1\r\nHost: a\r\n%b%b\r\n%b" % (self.method.encode(), self.number, framing, closing, body)


class ClientSide:
    """unsent: what is left of the requests that were begun. has_left: it reset or half-closed its connection."""

    def __init__(self, end: Endpoint) -> None:
        self.end = end
        self.requests: list[Sent] = []
        self.unsent = b""
        self.has_left = False

    @property
    def is_over(self) -> bool:
        """Whether nothing more can come of it."""
        return self.has_left or self.end.is_over

    def send(self, size: int) -> None:
        """So many bytes of what is left, in one read."""
        piece, self.unsent = self.unsent[:size], self.unsent[size:]
        if piece:
            self.end.send(piece)

    def answers(self) -> list[Message]:
        """What it has been answered, each held against the request that it must belong to."""
        methods = [request.method.encode() if self._is_whole(request) else b"GET" for request in self.requests]
        is_ended = self.end.is_ended and not self.end.was_reset and not self.has_left
        reading = read_answers(bytes(self.end.received), methods, is_ended=is_ended)
        if reading.messages and reading.messages[-1].start == (b"408",):  # it came too late, even if it is whole by now
            methods[len(reading.messages) - 1 :] = [b"GET"]
            reading = read_answers(bytes(self.end.received), methods, is_ended=is_ended)
        assert not reading.error, reading
        assert not reading.rest, reading
        for request, answer in zip(self.requests, reading.messages, strict=False):
            self._check(request, answer)
        for request, answer in zip(self.requests, reading.messages[1:], strict=False):
            assert not request.closes, f"{answer} behind Connection: close"
        return reading.messages

    def _is_whole(self, request: Sent) -> bool:
        """Whether all of it was sent; otherwise nobody can know its method, and a refusal has a body."""
        behind = sum(len(each.data) for each in self.requests if each.number > request.number)
        return len(self.unsent) <= behind

    def _check(self, request: Sent, answer: Message) -> None:
        if answer.values(b"content-type") == [b"application/problem+json"]:
            assert request.may_fail, f"{answer} for {request}"
            return
        assert answer.values(b"x-id") == [b"%d" % request.number], f"another's answer: {answer} for {request}"
        body = bytes(answer.body)
        if answer.is_complete:
            assert (body or b"") in (*request.answers, *([b""] if request.method == "HEAD" else []))
        else:
            assert any(whole.startswith(body) for whole in request.answers)


class BackendSide:
    """One connection that the gateway opened. answering: what is left of the answer that was begun.

    began: an answer has been begun to the last request. ends: the connection ends behind it. is_dead: we ended it.
    was_idle: it had no request at first, for who it was opened for had left.
    """

    def __init__(self, end: Endpoint) -> None:
        self.end = end
        self.answering = b""
        self.began = self.ends = self.is_dead = self.was_idle = False
        self.answered = 0
        self._stream = RequestStream()
        self._read = 0

    @property
    def is_over(self) -> bool:
        """Whether nothing more can come of it."""
        return self.is_dead or self.end.is_over

    @property
    def requests(self) -> list[Message]:
        """What has arrived so far."""
        return self._stream.reading.messages

    @property
    def waiting(self) -> Message | None:
        """The request that has not been answered to the end."""
        return self.requests[self.answered] if self.answered < len(self.requests) else None

    @property
    def is_idle(self) -> bool:
        """Whether it may be used again, as far as this side knows."""
        return not self.is_over and self.waiting is None and self.answered > 0

    def arrived(self, sent: dict[int, Sent]) -> None:
        """Read what has arrived. Each request must be one that was sent, intact, and there for the first time."""
        before = len(self.requests)
        self._stream.feed(bytes(self.end.received[self._read :]))
        self._read = len(self.end.received)
        assert not self._stream.reading.error, self._stream.reading
        for message in self.requests[before:]:
            assert len(self.requests) == self.answered + 1, "a request behind one that was not answered"
            self._note(sent[int(message.start[1][1:])], message)
        for message in self.requests[max(0, before - 1) :]:
            request = sent[int(message.start[1][1:])]
            assert request.body.startswith(message.body), f"another body: {message.body!r}"
            assert not message.is_complete or message.body == request.body, f"another body: {message.body!r}"
        self.was_idle = self.was_idle or not self.requests

    def _note(self, request: Sent, message: Message) -> None:
        assert message.start[0].decode() == request.method
        if request.arrivals:
            (earlier,) = request.arrivals
            assert request.method in IDEMPOTENT, f"sent twice: {request}"
            assert earlier.is_dead, f"sent twice: {request}"
            assert earlier.answered or earlier.was_idle, f"sent again from a new connection: {request}"
            assert not earlier.began, f"sent again behind the beginning of an answer: {request}"
        request.arrivals.append(self)
