"""Keep-alive, pipelining and aborts, in any order, against a model of what may come of each request.

A request reaches a backend intact, once (or again, if it is idempotent and the first connection had died while it was
idle), in its turn, and never behind `Connection: close`. Its answer is its own, in its place, and intact; a short one
never looks complete. The gateway answers for a backend only when something has happened to it. When everybody does
their part, every request is answered or its connection has ended; and when nobody does anything, all connections end.
"""

from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from wire.connection_model import BackendSide, ClientSide, Sent
from wire.memory_wire import MemoryWire


def _repeated(piece_and_count: tuple[bytes, int]) -> bytes:
    piece, count = piece_and_count
    return piece * count


_REQUEST = b"0\r\n\r\nGET /evil HTTP/1.1\r\n\r\n"
# As what is repeated, and how often: Hypothesis keeps the text of a strategy with every example, gigabytes otherwise.
_BODIES = st.sampled_from([(b"", 1), (b"x", 1), (b"some body", 1), (_REQUEST, 1), (b"y", 5000)]).map(_repeated)
_ANSWERS = st.sampled_from(
    [(b"", 1), (b"ok", 1), (b"HTTP/1.1 200 OK\r\n\r\n", 1), (b"z", 3000), (b"large", 40_000)]
).map(_repeated)
_KINDS = st.sampled_from(["length", "length", "chunked", "to the end", "empty", "after 103", "and close"])
_ANY = st.integers(0, 7)
_SIZES = st.sampled_from([1, 7, 40, 70, 100, 1000, 10_000_000])
_OTHER_SETTINGS: list[dict[str, Any]] = [
    {},
    {"limits": {"max_pipelined": 3, "max_header_bytes": "2KiB"}},
    {"upstreams": {"api": {"targets": ["http://127.0.0.1:9"], "timeouts": {"read": "20s"}}}},
]


Side = TypeVar("Side")


class Connections(RuleBasedStateMachine):
    """Rules are what clients, backends, operators and time do; each is followed by all that follows from it."""

    def __init__(self) -> None:
        super().__init__()
        self.wire = MemoryWire()
        self.clients: list[ClientSide] = []
        self.backends: list[BackendSide] = []
        self.sent: dict[int, Sent] = {}
        self.is_draining = False

    # Clients.

    @initialize()
    def start(self) -> None:
        self.connect()

    @precondition(lambda self: not self.is_draining and self._count_alive() < 3)
    @rule()
    def connect(self) -> None:
        self.clients.append(ClientSide(self.wire.connect()))

    @precondition(lambda self: self._count_alive() > 0)
    @rule(
        which=_ANY,
        method=st.sampled_from(["GET", "GET", "HEAD", "POST", "PUT", "DELETE"]),
        body=_BODIES,
        is_chunked=st.booleans(),
        closes=st.sampled_from([False, False, False, True]),
        size=_SIZES,
    )
    def request(self, which: int, method: str, body: bytes, is_chunked: bool, closes: bool, size: int) -> None:
        client = self._client(which)
        request = self._new(client, method, body if method in ("POST", "PUT") else b"", is_chunked, closes)
        client.unsent += request.data
        client.send(size)
        self._settle()

    @precondition(lambda self: self._count_alive() > 0)
    @rule(which=_ANY, count=st.integers(1, 5), size=_SIZES, kind=_KINDS, body=_ANSWERS)
    def exchanges(self, which: int, count: int, size: int, kind: str, body: bytes) -> None:
        """Several at once, pipelined, as they mostly are: all goes well."""
        client = self._client(which)
        client.send(len(client.unsent))
        for _ in range(count):
            client.unsent += self._new(client, "GET").data
        while client.unsent and not client.is_over:
            client.send(size)
            self._settle()
        for _ in range(count):
            for backend in self._waiting():
                if not backend.began:
                    self._begin_answer(backend, kind, body)
                self._go_on(backend, len(backend.answering))

    @precondition(lambda self: any(client.unsent for client in self.clients if not client.is_over))
    @rule(which=_ANY, size=_SIZES)
    def send_more(self, which: int, size: int) -> None:
        self._client(which).send(size)
        self._settle()

    @precondition(lambda self: self._count_alive() > 1)
    @rule(which=_ANY, is_reset=st.booleans())
    def leave(self, which: int, is_reset: bool) -> None:
        client = self._client(which)
        client.has_left = True
        if is_reset:
            client.end.reset()
        else:
            client.end.half_close()
        self._settle()
        if is_reset:
            assert not any(self._is_for(backend, client) for backend in self.backends), "work for nobody goes on"

    @precondition(lambda self: self._count_alive() > 0)
    @rule(which=_ANY)
    def stop_reading_or_go_on(self, which: int) -> None:
        client = self._client(which)
        if client.end.reads:
            client.end.reads = False
        else:
            client.end.read_on()
            self._settle()

    # Backends.

    @precondition(lambda self: self._waiting())
    @rule(which=_ANY, kind=_KINDS, body=_ANSWERS, size=_SIZES)
    def answer(self, which: int, kind: str, body: bytes, size: int) -> None:
        backend = _chosen(self._waiting(), which)
        if not backend.began:
            self._begin_answer(backend, kind, body)
        self._go_on(backend, size)

    @precondition(lambda self: self._count_alive() > 0)
    @rule(which=_ANY, size=_SIZES)
    def answer_early(self, which: int, size: int) -> None:
        """The whole answer is there before the request is."""
        client = self._client(which)
        client.unsent += self._new(client, "POST", b"y" * 5000, closes=False).data
        client.send(max(0, len(client.unsent) - 3000))
        self._settle()
        for backend in self._waiting():
            if not backend.began and self._is_for(backend, client):
                self._begin_answer(backend, "length", b"early")
                self._go_on(backend, size)

    @precondition(lambda self: self._waiting())
    @rule(which=_ANY, kind=_KINDS, is_reset=st.booleans())
    def cut_short(self, which: int, kind: str, is_reset: bool) -> None:
        backend = _chosen(self._waiting(), which)
        if not backend.began:
            self._begin_answer(backend, kind, b"z" * 3000)
            self._go_on(backend, len(backend.answering) // 2)
            self._kill(backend, is_reset=is_reset or backend.ends)
            self._settle()

    @precondition(lambda self: self._waiting())
    @rule(which=_ANY, is_reset=st.booleans())
    def fail(self, which: int, is_reset: bool) -> None:
        backend = _chosen(self._waiting(), which)
        self._kill(backend, is_reset=is_reset or backend.ends)  # where the end is the end of the body, it says so
        self._settle()

    @precondition(lambda self: self._idle() and self._count_alive() > 0)
    @rule(which=_ANY, method=st.sampled_from(["GET", "POST"]), is_reset=st.booleans(), arrives=st.booleans())
    def close_when_it_is_asked(self, which: int, method: str, is_reset: bool, arrives: bool) -> None:
        """The worst moment: the request is on its way, or has just arrived, when the connection ends."""
        client = self._client(which)
        if client.unsent:
            return
        request = self._new(client, method)
        request.may_fail |= method == "POST"
        idle = self._idle()
        client.end.send(request.data)
        if arrives:
            self._settle()
        for backend in idle:
            self._kill(backend, is_reset=is_reset)
        self._settle()

    @precondition(lambda self: self._idle())
    @rule(which=_ANY)
    def speak_unasked(self, which: int) -> None:
        backend = _chosen(self._idle(), which)
        backend.end.send(b"HTTP/1.1 200 OK\r\nx-id: 0\r\ncontent-length: 4\r\n\r\nevil")
        self._settle()
        assert backend.is_over

    # Operators and time.

    @rule(which=st.integers(0, len(_OTHER_SETTINGS) - 1))
    def reload(self, which: int) -> None:
        self.wire.reload(**_OTHER_SETTINGS[which])
        self._settle()

    @rule(seconds=st.sampled_from([0.25, 1.0, 10.0, 100.0]))
    def wait(self, seconds: float) -> None:
        if seconds >= 10.0:
            self._anything_may_fail()
        self.wire.advance(seconds)
        self._settle()

    @precondition(lambda self: not self.is_draining and len(self.sent) > 10)
    @rule()
    def drain(self) -> None:
        self.is_draining = True
        self._anything_may_fail()
        self.wire.begin_drain(1000.0)
        self._settle()

    @invariant()
    def answers_are_right(self) -> None:
        assert not self.wire.loop.errors, self.wire.loop.errors
        for client in self.clients:
            client.answers()

    def teardown(self) -> None:
        try:
            self._everybody_does_their_part()
            self._nobody_does_anything()
        finally:
            self.wire.stop()

    # How it is done.

    def _count_alive(self) -> int:
        return sum(not client.is_over for client in self.clients)

    def _client(self, which: int) -> ClientSide:
        return _chosen([client for client in self.clients if not client.is_over], which)

    def _new(
        self, client: ClientSide, method: str, body: bytes = b"", is_chunked: bool = False, closes: bool = False
    ) -> Sent:
        request = Sent(len(self.sent), method, body, is_chunked and method in ("POST", "PUT"), closes, self.is_draining)
        self.sent[request.number] = request
        client.requests.append(request)
        return request

    def _waiting(self) -> list[BackendSide]:
        return [backend for backend in self.backends if not backend.is_over and backend.waiting is not None]

    def _idle(self) -> list[BackendSide]:
        return [backend for backend in self.backends if backend.is_idle]

    def _request_at(self, backend: BackendSide) -> Sent:
        assert backend.waiting is not None
        return self.sent[int(backend.waiting.start[1][1:])]

    def _is_for(self, backend: BackendSide, client: ClientSide) -> bool:
        return not backend.is_over and backend.waiting is not None and self._request_at(backend) in client.requests

    def _settle(self) -> None:
        self.wire.loop.settle()
        for end in self.wire.backends[len(self.backends) :]:
            self.backends.append(BackendSide(end))
        for backend in self.backends:
            backend.arrived(self.sent)

    def _begin_answer(self, backend: BackendSide, kind: str, body: bytes) -> None:
        request = self._request_at(backend)
        head = b"HTTP/1.1 200 OK\r\nx-id: %d\r\n" % request.number
        if kind == "empty":
            body, backend.answering = b"", b"HTTP/1.1 204 X\r\nx-id: %d\r\n\r\n" % request.number
        elif request.method == "HEAD":
            body, backend.answering = b"", head + b"content-length: %d\r\n\r\n" % len(body)
        elif kind == "chunked":
            piece = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            backend.answering = head + b"transfer-encoding: chunked\r\n\r\n" + piece + b"0\r\n\r\n"
        elif kind == "to the end":
            backend.answering = head + b"\r\n" + body
        else:
            early = b"HTTP/1.1 103 X\r\n\r\n" if kind == "after 103" else b""
            closing = b"connection: close\r\n" if kind == "and close" else b""
            backend.answering = early + head + closing + b"content-length: %d\r\n\r\n" % len(body) + body
        backend.began = True
        backend.ends = kind == "to the end" and b"length" not in backend.answering and b" 204" not in backend.answering
        request.answers.append(body)

    def _go_on(self, backend: BackendSide, size: int) -> None:
        piece, backend.answering = backend.answering[:size], backend.answering[size:]
        backend.end.send(piece)
        if not backend.answering:
            if backend.ends:
                backend.is_dead = True
                backend.end.half_close()
            backend.began = False
            backend.answered += 1
        self._settle()

    def _kill(self, backend: BackendSide, *, is_reset: bool) -> None:
        if backend.waiting is not None:
            self._request_at(backend).may_fail = True
        backend.is_dead = True
        if is_reset:
            backend.end.reset()
        else:
            backend.end.half_close()

    def _anything_may_fail(self) -> None:
        for request in self.sent.values():
            request.may_fail = True

    def _everybody_does_their_part(self) -> None:
        for client in self.clients:
            client.end.read_on()
            if not client.is_over:
                client.send(len(client.unsent))
        self._settle()
        while waiting := self._waiting():
            backend = waiting[0]
            if not backend.began:
                self._begin_answer(backend, "length", b"last")
            self._go_on(backend, len(backend.answering))
        for client in self.clients:
            answers = [answer for answer in client.answers() if answer.is_complete]
            assert client.is_over or len(answers) == len(client.requests), "a request was forgotten"

    def _nobody_does_anything(self) -> None:
        self._anything_may_fail()
        for _ in range(3):
            self.wire.advance(100.0)
        self._settle()
        assert all(client.end.is_over for client in self.clients if not client.has_left), "a connection never ends"
        assert all(backend.is_over for backend in self.backends), "a connection to a backend never ends"


def _chosen(sides: list[Side], which: int) -> Side:
    return sides[which % len(sides)]


TestConnections = Connections.TestCase
TestConnections.settings = settings(
    max_examples=80,
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
