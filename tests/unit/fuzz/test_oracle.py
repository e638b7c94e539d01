"""The oracle can fail: each of these faults of a gateway is found by the target that is there for it."""

import pytest
from fuzz.readings import Disagreement, read_answers, read_requests
from fuzz.targets import addresses, answers, requests

from hotgate.edge import request_head
from hotgate.http.hop_by_hop import WRITTEN_ANEW
from hotgate.upstream import answer_reader
from hotgate.upstream.sink import AnswerHead

_CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"


def test_framing_that_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_head, "_framing", lambda request, incoming: b"")
    with pytest.raises(Disagreement):
        requests.check(_CHUNKED)


def test_a_field_that_slips_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_head, "WRITTEN_ANEW", WRITTEN_ANEW | {b"x-one"})
    with pytest.raises(Disagreement, match="lost"):
        requests.check(b"GET / HTTP/1.1\r\nHost: a\r\nX-One: 1\r\n\r\n")


def test_a_short_answer_that_looks_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_reader.AnswerReader, "eof", lambda reader: True)
    with pytest.raises(Disagreement):
        answers.check(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n")


def test_a_repeated_answer_that_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong(answer_reader._Repeated):
        def __init__(self, head: bytes, size: int, answer: AnswerHead) -> None:
            super().__init__(head, size, AnswerHead(404, [], answer.length, has_body=True))

    monkeypatch.setattr(answer_reader, "_Repeated", Wrong)
    with pytest.raises(Disagreement, match="the second time"):
        answers.check(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def test_a_target_that_changes_its_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "canonical", lambda target, keep_encoded_slashes: ("/b", b""))
    with pytest.raises(Disagreement):
        addresses.check(b"/a\na\n")


def test_requests_as_h11_reads_them() -> None:
    reading = read_requests(
        b"GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n\r\n" + _CHUNKED + b"GET /3 HTTP/1.1\r\n"
    )
    assert [(message.start, bytes(message.body)) for message in reading.complete] == [
        ((b"GET", b"/1"), b""),
        ((b"POST", b"/"), b"abc"),
    ]
    assert reading.rest == b"GET /3 HTTP/1.1\r\n"


def test_answers_as_h11_reads_them() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
    reading = read_answers(head + head + b"ok" + head + b"o", [b"HEAD", b"GET", b"GET"], is_ended=False)
    assert [bytes(message.body) for message in reading.messages] == [b"", b"ok", b"o"]
    assert [message.is_complete for message in reading.messages] == [True, True, False]
