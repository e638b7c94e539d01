"""Bytes of a client → what a backend gets. Whatever is sent on must be what everybody reads in the client's bytes."""

from dataclasses import dataclass

from fuzz.played import Backend, Played, play
from fuzz.readings import Disagreement, Field, Message, Reading, RequestStream, read_answers, read_requests
from fuzz.reference import is_removed, meaning_of_target
from fuzz.splits import split

_WRITTEN = frozenset(  # by the gateway, once; what the client said of them is judged elsewhere
    name.encode()
    for name in (
        *("host", "via", "x-request-id", "traceparent", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"),
        *("forwarded", "content-length", "transfer-encoding", "connection", "upgrade", "expect"),
    )
)
_NEW_EACH_TIME = frozenset({b"x-request-id", b"traceparent"})
_OF_THE_GATEWAY = (b"OPTIONS", b"*")  # it answers this itself
_NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Outcome:
    """forwarded: requests that reached a backend whole. partly: one that did not. answers: statuses for the client."""

    forwarded: list[Message]
    partly: Message | None
    answers: list[int]
    is_over: bool


def check(data: bytes) -> None:
    """Raises Disagreement."""
    if not data or b"PRI " in data:  # the parser waits for the rest of HTTP/2's preface
        return
    read = read_requests(data)
    whole = outcome(play([data], _backend), read)
    _compare_with_client(whole, read)
    _expect_equal("in pieces", whole, outcome(play(split(data), _backend), read))
    if not whole.is_over and not read.error and len(read.complete) == len(read.messages) and not read.rest:
        twice = outcome(play([data, data], _backend), read)
        _expect_equal("the second time", whole, _second_half(twice, len(whole.forwarded), len(whole.answers)))


def forwarded_streams(data: bytes) -> tuple[bytes, ...]:
    """What backends get, connection by connection."""
    return play([data], _backend).to_backends


def outcome(played: Played, read: Reading) -> Outcome:
    """What came of it. Raises Disagreement if one of the two sides of the gateway does not read well by itself."""
    forwarded: list[Message] = []
    partly = None
    for stream in played.to_backends:
        found = read_requests(stream)
        if found.error or found.rest:
            raise Disagreement(f"a backend cannot read what it gets: {found.error}, {found.rest!r}: {stream!r}")
        forwarded += found.complete
        partly = found.messages[-1] if len(found.complete) < len(found.messages) else partly
    methods = _methods(read, len(forwarded))
    answers = read_answers(played.to_client, [*methods, b"GET"], is_ended=played.is_ended)
    if answers.error:  # the one that was refused may have been a HEAD
        answers = read_answers(played.to_client, [*methods, b"HEAD"], is_ended=played.is_ended)
    if answers.error or answers.rest or len(answers.complete) < len(answers.messages):
        raise Disagreement(f"a client cannot read its answers: {answers.error}, {answers.rest!r}")
    statuses = [answer.status for answer in answers.messages]
    return Outcome(forwarded, partly, statuses, played.is_ended or played.was_reset)


def _methods(read: Reading, forwarded: int) -> list[bytes]:
    """Of the requests that were answered in good order, of which so many by a backend. All may have been sent twice."""
    found: list[bytes] = []
    for message in (*read.complete, *read.complete):
        if message.start != _OF_THE_GATEWAY:
            forwarded -= 1
        if forwarded < 0:
            break
        found.append(message.start[0])
    return found


def _backend() -> Backend:
    """A backend that answers each request once it is complete."""
    stream = RequestStream()
    answered = 0

    def answer(data: bytes) -> list[bytes]:
        nonlocal answered
        stream.feed(data)
        new = len(stream.reading.complete) - answered
        answered += new
        return [_NO_CONTENT] * new

    return answer


def _compare_with_client(outcome: Outcome, read: Reading) -> None:
    """The requests forwarded are the first of those that h11 finds in the client's bytes and that are for a backend."""
    messages = [message for message in read.messages if message.start != _OF_THE_GATEWAY]
    complete = [message for message in messages if message.is_complete]
    if len(outcome.forwarded) > len(complete):
        raise Disagreement(f"{len(outcome.forwarded)} were forwarded of {len(complete)} ({read.error})")
    for sent, got in zip(complete, outcome.forwarded, strict=False):
        _compare(sent, got)
        if (sent.body, sent.is_complete) != (got.body, True):
            raise Disagreement(f"another body: {sent.body!r} became {got.body!r}")
    if outcome.partly is not None and len(messages) <= len(outcome.forwarded):
        raise Disagreement(f"a request was forwarded that is none: {read.error}: {outcome.partly}")
    if outcome.partly is not None:
        sent = messages[len(outcome.forwarded)]
        _compare(sent, outcome.partly)
        if not sent.body.startswith(outcome.partly.body):
            raise Disagreement(f"another body: {sent.body!r} became {outcome.partly.body!r}")
    if not outcome.is_over and len(outcome.forwarded) < len(complete):
        raise Disagreement("a request was lost on a connection that lives on")


def _compare(sent: Message, got: Message) -> None:
    if got.start[0] != sent.start[0] or meaning_of_target(got.start[1]) != meaning_of_target(sent.start[1]):
        raise Disagreement(f"{sent.start} became {got.start}")
    for name in _WRITTEN - {b"via"}:
        if len(got.values(name)) > 1:
            raise Disagreement(f"{name!r} is there twice")
    rest = iter(_kept(sent))
    for each in got.fields:
        if each[0] not in _WRITTEN and each not in rest:  # `in` takes from the iterator: the order counts as well
            raise Disagreement(f"a field that was not sent, or in another order: {each}")
    missing = [each for each in _kept(sent) if each not in got.fields and not is_removed(each[0], sent.fields)]
    if missing:
        raise Disagreement(f"fields were lost: {missing}")


def _kept(message: Message) -> list[Field]:
    return [each for each in message.fields if each[0] not in _WRITTEN]


def _expect_equal(how: str, first: Outcome, second: Outcome) -> None:
    if _comparable(first) != _comparable(second):
        raise Disagreement(f"another outcome {how}: {_comparable(first)} and {_comparable(second)}")


def _comparable(outcome: Outcome) -> object:
    """The incomplete request is left out: how much of it is sent on before it breaks depends on the reads."""
    messages = [
        (message.start, [each for each in message.fields if each[0] not in _NEW_EACH_TIME], message.body)
        for message in outcome.forwarded
    ]
    return messages, outcome.answers, outcome.is_over


def _second_half(twice: Outcome, forwarded: int, answers: int) -> Outcome:
    return Outcome(twice.forwarded[forwarded:], twice.partly, twice.answers[answers:], twice.is_over)
