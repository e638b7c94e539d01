"""However a backend's bytes are cut into reads, and whatever came before them, an answer is the same."""

from collections.abc import Sequence
from itertools import pairwise
from unittest.mock import patch

from fuzz.seeds.answers import FRAGMENTS, SEEDS
from hypothesis import given, settings
from hypothesis import strategies as st

from hotgate.http.headers import Field
from hotgate.upstream.answer_reader import AnswerReader, InvalidAnswer
from hotgate.upstream.failure import UpstreamFailure
from hotgate.upstream.sink import AnswerHead

_FIELDS = st.sampled_from([b"Content-Length: 2", b"X-One: 1", b"Transfer-Encoding: chunked", *FRAGMENTS])
_STATUSES = st.sampled_from([b"200 OK", b"404 X", b"204 X", b"304 X", b"100 X", b"103 X"])
_ANSWERS = st.sampled_from(SEEDS) | st.builds(
    lambda status, fields, body: b"\r\n".join([b"HTTP/1.1 " + status, *fields, b"", body]),
    _STATUSES,
    st.lists(_FIELDS, max_size=3),
    st.sampled_from([b"", b"ok", b"no", b"okk", b"o", b"2\r\nok\r\n0\r\n\r\n", b"0\r\nX-T: 1\r\n\r\n"]),
)
_STREAMS = st.lists(_ANSWERS, min_size=1, max_size=2).map(b"".join)
_METHODS = st.sampled_from(["GET", "GET", "HEAD", "POST"])
_CUTS = st.lists(st.integers(0, 400), max_size=5)


class Sink:
    """Keeps what it is told, in order; pieces of a body are one."""

    def __init__(self, method: str) -> None:
        self.method = method
        self.told: list[object] = []
        self.body = b""

    def on_interim(self, status: int, fields: list[Field]) -> None:
        self.told.append((status, fields))

    def on_head(self, head: AnswerHead) -> None:
        self.told.append((head.status, head.fields, head.encoded, head.length, head.has_body))

    def on_data(self, data: bytes) -> None:
        assert self.told, "a body before its head"
        self.body += data

    def on_end(self, trailers: Sequence[Field]) -> None: ...

    def on_switched(self, head: AnswerHead) -> None: ...

    def on_failure(self, failure: UpstreamFailure) -> None: ...

    def on_upstream_blocked(self, blocked: bool) -> None: ...


def _split(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(places)]


def _exchange(reader: AnswerReader, method: str, pieces: list[bytes]) -> list[object]:
    """What comes of one request; what follows its end stays unread, as a connection would see it."""
    sink = Sink(method)
    reader.begin(sink, b"")
    try:
        for piece in pieces:
            if reader.is_done:
                break
            reader.feed(piece)
    except InvalidAnswer:
        return ["invalid", *sink.told]
    if not reader.is_done and not reader.eof():
        return ["incomplete", *sink.told]
    return [*sink.told, sink.body, reader.keep_alive, reader.trailers if reader.has_trailers else []]


@settings(max_examples=600, deadline=None, derandomize=True)
@given(data=_STREAMS, method=_METHODS, cuts=_CUTS)
def test_any_cuts(data: bytes, method: str, cuts: list[int]) -> None:
    whole = _exchange(AnswerReader(), method, [data])
    assert _exchange(AnswerReader(), method, _split(data, cuts)) == whole
    assert _exchange(AnswerReader(), method, [data[at : at + 1] for at in range(len(data))]) == whole


def _kept_connection(steps: list[tuple[str, bytes, list[int]]]) -> list[object]:
    """Exchanges on one connection for as long as it may be kept; what each left of it, too."""
    reader = AnswerReader()
    outcomes: list[object] = []
    for method, data, cuts in steps:
        outcomes.append(_exchange(reader, method, _split(data, cuts)))
        outcomes.append(reader.has_excess)
        if not reader.is_done or reader.has_excess or not reader.keep_alive:
            break
    return outcomes


_KEPT = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\r\nok\r\n",
    *(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno"),
    *(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokk"),
    *(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nokk", b"HTTP/1.1 304 OK\r\nContent-Length: 2\r\n\r\n"),
    *(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\r\n", b"HTTP/1.1 103 OK\r\n\r\nHTTP/1.1 204 OK\r\n\r\n"),
    *(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ),
    *(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", b"HTTP/1.1 204 OK\r\n\r\n"),
]
_EXCHANGES = st.tuples(_METHODS, st.sampled_from(_KEPT) | _ANSWERS, st.just([]) | _CUTS)


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(steps=st.lists(_EXCHANGES, min_size=2, max_size=6), again=st.booleans())
def test_a_head_that_is_known_means_what_the_parser_says(
    steps: list[tuple[str, bytes, list[int]]], again: bool
) -> None:
    steps = [step for step in steps for _ in range(1 + again)]
    with patch.object(AnswerReader, "_remember", lambda reader, data: None):
        parsed = _kept_connection(steps)
    assert _kept_connection(steps) == parsed
