"""Bytes from a backend in, events out; whole exchanges are tested on the wire."""

from collections.abc import Sequence

import pytest

from hotgate.http.headers import Field
from hotgate.upstream.answer_reader import AnswerReader, InvalidAnswer
from hotgate.upstream.failure import UpstreamFailure
from hotgate.upstream.sink import AnswerHead


class Sink:
    """Keeps what it is told."""

    def __init__(self, method: str = "GET") -> None:
        self.method = method
        self.heads: list[AnswerHead] = []
        self.interim: list[int] = []
        self.data: list[bytes] = []

    def on_interim(self, status: int, fields: list[Field]) -> None:
        self.interim.append(status)

    def on_head(self, head: AnswerHead) -> None:
        self.heads.append(head)

    def on_data(self, data: bytes) -> None:
        self.data.append(data)

    def on_end(self, trailers: Sequence[Field]) -> None:
        raise AssertionError("the end is a state of the reader")

    def on_switched(self, head: AnswerHead) -> None: ...

    def on_failure(self, failure: UpstreamFailure) -> None: ...

    def on_upstream_blocked(self, blocked: bool) -> None: ...


def read(*pieces: bytes, method: str = "GET") -> tuple[AnswerReader, Sink]:
    reader, sink = AnswerReader(), Sink(method)
    reader.begin(sink, b"")
    for piece in pieces:
        reader.feed(piece)
    return reader, sink


def feed_endlessly(reader: AnswerReader, data: bytes) -> None:
    for _ in range(1000):
        reader.feed(data)


def test_an_answer_of_known_length() -> None:
    reader, sink = read(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab", b"cd")
    assert sink.heads[0].status == 200
    assert sink.heads[0].length == 4
    assert b"".join(sink.data) == b"abcd"
    assert reader.is_done
    assert reader.keep_alive
    assert not reader.has_excess


def test_an_answer_that_ends_with_the_connection() -> None:
    reader, sink = read(b"HTTP/1.1 200 OK\r\n\r\nab", b"cd")
    assert not reader.is_done
    assert reader.eof()
    assert b"".join(sink.data) == b"abcd"


@pytest.mark.parametrize(
    "cut",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
        b"HTTP/1.1 103 X\r\n\r\n",
    ],
)
def test_the_end_of_the_connection_is_not_the_end_of_an_answer_that_says_otherwise(cut: bytes) -> None:
    reader, _ = read(cut) if cut else read()
    assert not reader.eof()


@pytest.mark.parametrize("head", [b"204 X\r\nContent-Length: 0", b"204 X", b"304 X\r\nContent-Length: 10", b"304 X"])
def test_no_body(head: bytes) -> None:
    reader, sink = read(b"HTTP/1.1 %b\r\n\r\n" % head)
    assert reader.is_done
    assert not sink.heads[0].has_body
    assert reader.keep_alive == (b"10" not in head)  # what was announced may come yet


def test_an_answer_to_head() -> None:
    reader, sink = read(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", method="HEAD")
    assert reader.is_done
    assert not reader.keep_alive
    assert sink.heads[0].length == 10
    assert not sink.heads[0].has_body


def test_one_reader_reads_answer_after_answer() -> None:
    reader, _ = read(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na")
    for method, answer, body in (
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb", b"b"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", b""),
        ("GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nc\r\n0\r\n\r\n", b"c"),
        ("GET", b"HTTP/1.1 204 X\r\n\r\n", b""),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nd", b"d"),
    ):
        sink = Sink(method)
        reader.begin(sink, b"")
        reader.feed(answer)
        assert reader.is_done
        assert not reader.has_excess
        assert b"".join(sink.data) == body


def test_interim_answers_come_first() -> None:
    reader, sink = read(b"HTTP/1.1 100 X\r\n\r\nHTTP/1.1 103 X\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert sink.interim == [100, 103]
    assert sink.heads[0].status == 200
    assert reader.is_done


@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense\r\n\r\n",
        b"ICE/1.1 200 OK\r\n\r\n",
        b"RTSP/1.0 200 OK\r\n\r\n",
        b"\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"\r\rHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        b"HTTP/1.1 099 X\r\n\r\n",
    ],
)
def test_refused(answer: bytes) -> None:
    with pytest.raises(InvalidAnswer):
        read(answer)


def test_fields_of_a_second_answer_are_no_trailers_of_the_first() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-T: 1\r\n\r\n"
    reader, _ = read(chunked + b"HTTP/1.1 200 OK\r\nX-Evil: 1\r\nContent-Length: 0\r\n\r\n")
    assert reader.trailers == [(b"x-t", b"1")]
    assert reader.has_excess


def test_a_transfer_coding_in_a_trailer_is_refused() -> None:
    with pytest.raises(InvalidAnswer):
        read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTransfer-Encoding: identity\r\n\r\n")


def test_an_endless_head_is_refused() -> None:
    reader, sink = AnswerReader(), Sink()
    reader.begin(sink, b"")
    reader.feed(b"HTTP/1.1 200 OK\r\n")
    with pytest.raises(InvalidAnswer, match="too"):
        feed_endlessly(reader, b"X: " + b"y" * 1000 + b"\r\n")
    assert sink.heads == []


class Untouchable:
    """Stands in for the parser and must not be asked."""

    def feed_data(self, data: bytes) -> None:
        raise AssertionError("the parser was asked")


_ANSWER = b"HTTP/1.1 200 OK\r\nX-One: 1\r\nContent-Length: 2\r\n\r\n"


def test_an_equal_head_is_not_parsed_again() -> None:
    reader, first = read(_ANSWER + b"ab")
    reader._parser = Untouchable()  # type: ignore[assignment]
    second = Sink()
    reader.begin(second, b"")
    reader.feed(_ANSWER + b"cd")
    assert second.heads == first.heads
    assert second.data == [b"cd"]
    assert reader.is_done
    assert not reader.has_excess


@pytest.mark.parametrize("answer", [_ANSWER + b"cde", _ANSWER + b"c", _ANSWER.replace(b"1\r", b"2\r", 1) + b"cd"])
def test_any_other_answer_is_parsed(answer: bytes) -> None:
    reader, _ = read(_ANSWER + b"ab")
    reader._parser = Untouchable()  # type: ignore[assignment]
    reader.begin(Sink(), b"")
    with pytest.raises(AssertionError, match="the parser was asked"):
        reader.feed(answer)


def test_line_ends_behind_an_answer_do_not_shift_the_next_one() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\r\nab" + b"\r\n"
    reader, first = read(answer)
    second = Sink()
    reader.begin(second, b"")
    reader.feed(answer)
    assert first.data == second.data == [b"\r\nab"]


def test_a_head_for_head_has_no_body_though_it_is_equal() -> None:
    reader, _ = read(_ANSWER + b"ab")
    sink = Sink("HEAD")
    reader.begin(sink, b"")
    reader.feed(_ANSWER)
    assert reader.is_done
    assert sink.data == []
