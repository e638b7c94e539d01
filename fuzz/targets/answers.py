"""Bytes of a backend → what a client gets. A client must read in them what everybody reads in the backend's bytes."""

import re
from collections.abc import Sequence

from fuzz.played import END, Backend, Played, play
from fuzz.readings import Disagreement, Field, Message, Reading, read_answers
from fuzz.reference import is_removed
from fuzz.splits import split

_WRITTEN = frozenset({b"content-length", b"transfer-encoding", b"connection", b"x-request-id", b"date"})
_GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
_HEAD = b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
_up_to_final = re.compile(
    rb"\A(?:[\r\n]*[A-Z]+/1\.[01] 1[0-9][0-9](?: [^\r\n]*)?\r\n(?:[^\r\n]+\r\n)*\r\n)*"
    rb"[\r\n]*[A-Z]+(/1\.[01] [2-5][0-9][0-9])(?: [^\r\n]*)?(?=\r\n)"
)
_OLD_GET = b"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"


def check(data: bytes) -> None:
    """Raises Disagreement."""
    if not data:
        return
    for request, method in ((_GET, b"GET"), (_HEAD, b"HEAD"), (_OLD_GET, b"GET")):
        for end in ([], [END]):
            played = play([request], _sends([data, *end]))
            _compare(played, _only_answer(played, method), _sent(data, method, is_ended=bool(end)))
    whole, pieces = play([_GET], _sends([data, END])), play([_GET], _sends([*split(data), END]))
    _expect_equal("in pieces", _only_answer(whole, b"GET"), _only_answer(pieces, b"GET"))
    _compare_repeated(data)


def answer_stream(data: bytes) -> Played:
    """What a client of HTTP/1.1 gets for its GET."""
    return play([_GET], _sends([data, END]))


def _sent(data: bytes, method: bytes, *, is_ended: bool) -> Reading:
    """What h11 finds, without what is not sent on: interim answers, and the words of the first line."""
    return read_answers(_up_to_final.sub(rb"HTTP\1 ", data, count=1), [method], is_ended=is_ended)


def _sends(pieces: Sequence[bytes]) -> "_Sender":
    return _Sender(pieces)


class _Sender:
    """Makes backends that send the same to every request."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = pieces

    def __call__(self) -> Backend:
        return lambda data: self._pieces


def _read(played: Played, methods: Sequence[bytes]) -> Reading:
    """What a client reads. Raises Disagreement for what it cannot read, or would take for more than it is."""
    read = read_answers(played.to_client, methods, is_ended=played.is_ended)
    if read.error and not played.was_reset:
        raise Disagreement(f"a client cannot read its answer: {read.error}: {played.to_client!r}")
    if read.rest:
        raise Disagreement(f"bytes behind the answer: {read.rest!r}")
    return read


def _only_answer(played: Played, method: bytes) -> Message | None:
    messages = _read(played, [method]).messages
    return messages[0] if messages else None


def _is_own(answer: Message) -> bool:
    """Whether the gateway gave it in place of a bad one: only it knows the request's id. To HEAD it is without body."""
    if answer.status != 502 or answer.values(b"content-type") != [b"application/problem+json"]:
        return False
    return not answer.body or b'"request_id":"%b"' % answer.values(b"x-request-id")[0] in answer.body


def _compare(played: Played, answer: Message | None, sent: Reading) -> None:
    """The answer that a client gets is the first that h11 finds in the backend's bytes, or the gateway's own."""
    if answer is None:
        if sent.complete and not played.was_reset:
            raise Disagreement(f"an answer was lost: {sent.complete[0]}")
        return
    if _is_own(answer):
        return
    if not sent.messages:
        raise Disagreement(f"an answer out of nothing: {sent.error}: {answer}")
    original = sent.messages[0]
    if answer.status != original.status:
        raise Disagreement(f"{original.status} became {answer.status}")
    _compare_fields(original, answer)
    if answer.is_complete and (answer.body != original.body or not original.is_complete):
        raise Disagreement(f"another body, or a short one that looks complete: {original} became {answer}")
    if not original.body.startswith(answer.body):
        raise Disagreement(f"another body: {original.body!r} became {answer.body!r}")
    if original.is_complete and not answer.is_complete and not original.values(b"transfer-encoding"):
        raise Disagreement(f"a complete answer was cut: {original} became {answer}")  # h11 takes chunks that we do not


def _compare_fields(original: Message, answer: Message) -> None:
    for name in _WRITTEN - {b"date"}:
        if len(answer.values(name)) > 1:
            raise Disagreement(f"{name!r} is there twice")
    for got, there in ((answer.fields, iter(original.fields)), (answer.trailers, iter(original.trailers))):
        for each in got:
            if each[0] not in _WRITTEN and each not in there:  # `in` takes from the iterator: the order counts as well
                raise Disagreement(f"a field that was not sent, or in another order: {each}")
    missing = [each for each in _kept(original) if each not in answer.fields]
    if [each for each in missing if not is_removed(each[0], original.fields)]:
        raise Disagreement(f"fields were lost: {missing}")


def _kept(message: Message) -> list[Field]:
    return [each for each in message.fields if each[0] not in _WRITTEN]


def _compare_repeated(data: bytes) -> None:
    """The same bytes mean the same again, on the same connection if it is kept, and also behind a HEAD."""
    played = play([_GET, _GET, _HEAD, _GET], _sends([data]))
    answers = _read(played, [b"GET", b"GET", b"HEAD", b"GET"]).messages
    if not answers or not answers[0].is_complete or (len(answers) == 1 and (played.is_ended or played.was_reset)):
        return
    if len(answers) < 4:
        raise Disagreement(f"the answer to a repeated request is missing: {answers}")
    first, second, head, last = answers
    _expect_equal("the second time", first, second)
    _expect_equal("behind a HEAD", first, last)
    if head.body or _comparable(head)[:2] != _comparable(first)[:2]:
        raise Disagreement(f"another head for HEAD: {head} and {first}")


def _expect_equal(how: str, first: Message | None, second: Message | None) -> None:
    if _comparable(first) != _comparable(second):
        raise Disagreement(f"another answer {how}: {first} and {second}")


def _comparable(answer: Message | None) -> tuple[object, ...]:
    if answer is None:
        return ()
    own = _is_own(answer)
    is_told = answer.is_complete and not own  # how much of a broken body is passed on depends on the reads
    return answer.start, [] if own else _kept(answer), bytes(answer.body) if is_told else b"", answer.is_complete
