"""Bytes from a backend in, answer events out. Strict: an answer that two parsers could read differently is refused."""

import re
from collections.abc import Sequence

import httptools

from hotgate.http.bounded_cache import BoundedCache
from hotgate.http.headers import Field
from hotgate.http.hop_by_hop import ANSWER_FRAME, connection_options, is_allowed_trailer, without_named
from hotgate.http.reserved import ASSERTION_FIELD
from hotgate.upstream.failure import UpstreamFailure
from hotgate.upstream.sink import AnswerHead, AnswerSink

_MAX_TRAILERS = 64
_MAX_INTERIMS = 16
_BODY = (b"content-length", b"transfer-encoding")
_VERSIONS = ("1.1", "1.0")
_MAX_REPEATED = 2048  # bytes of a head that is kept
# The gateway writes these itself, but for the assertion: a backend that sends it back must not hand it to the client.
_FRAMING = ANSWER_FRAME | {ASSERTION_FIELD}
_control = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]").search


class InvalidAnswer(ValueError):
    """The backend sent something that is not one well-formed HTTP/1.x answer."""


class AnswerLimits:
    """Bounds of one answer's head: bytes of all fields together (and of all trailers), and the number of fields."""

    __slots__ = ("max_fields", "max_head_bytes")

    def __init__(self, *, max_head_bytes: int = 64 * 1024, max_fields: int = 200) -> None:
        self.max_head_bytes = max_head_bytes
        self.max_fields = max_fields


class _Repeated:
    """An answer as the parser understood it: `head` its bytes, `size` those of the whole answer."""

    __slots__ = ("answer", "head", "size")

    def __init__(self, head: bytes, size: int, answer: AnswerHead) -> None:
        self.head = head
        self.size = size
        self.answer = answer


class AnswerReader:
    """One per connection. `begin` before each request, `feed` for each read, `eof` when the backend closes.

    The end of an answer is a state (`is_done`), not a callback: the connection goes back to its pool before anyone
    can start the next request, and bytes after the end (`has_excess`) keep it from being used again. What the parser
    keeps to itself, an unfinished head, trailer or chunk extension, is bounded by counting what was fed without result.

    Backends repeat themselves: within a second, the heads of answers of one size are often equal to the last byte.
    Such a head is understood as it was understood before, without parsing it again.
    """

    __slots__ = (
        "_fields",
        "_head_bytes",
        "_in_body",
        "_interims",
        "_is_plain",
        "_latest",
        "_limits",
        "_parser",
        "_pieces",
        "_repeated",
        "_sink",
        "_spent",
        "_trailer_bytes",
        "_upgrade",
        "has_excess",
        "has_trailers",
        "is_done",
        "keep_alive",
        "started",
        "switched",
        "until_close",
    )

    def __init__(self, limits: AnswerLimits | None = None) -> None:
        self._limits = limits or AnswerLimits()
        self._spent = True
        self.is_done = True
        self.has_excess = False
        self._repeated: _Repeated | None = None
        self._parser: httptools.HttpResponseParser

    def begin(self, sink: AnswerSink, upgrade: bytes) -> None:
        """Expect the answer to a request that is about to be sent."""
        if self._spent:
            self._parser = httptools.HttpResponseParser(self)
            self._spent = False
        self._sink = sink
        self._upgrade = upgrade
        self.switched: AnswerHead | None = None
        self.started = self.is_done = self.has_trailers = self._in_body = False
        self._fields: list[Field] = []
        self._head_bytes = self._trailer_bytes = self._interims = 0
        self._pieces: list[bytes] = []

    def forget_sink(self) -> None:
        """The exchange is over, or gave up: the rest of what is being read is for nobody."""
        self._sink = _NOBODY

    def release(self) -> None:
        """The connection is gone. Nothing may be fed any more, and no reference cycle is left."""
        self._spent = True
        self._repeated = None
        self._parser = None  # type: ignore[assignment] # it knows this reader

    def feed(self, data: bytes) -> bytes:
        """Read what arrived; returns what follows a 101. Raises InvalidAnswer."""
        repeated = self._repeated
        if repeated is not None and not self.started and len(data) == repeated.size and data.startswith(repeated.head):
            self.started = True
            if self._sink.method != "HEAD":
                self._sink.on_head(repeated.answer)
                self._sink.on_data(data[len(repeated.head) :])
                self.is_done = True
                return b""
        is_first, self.started = not self.started, True
        if is_first and not data.startswith(b"H"):
            raise InvalidAnswer("it does not begin with HTTP/")  # the parser skips empty lines, and knows RTSP and ICE
        self._is_plain = True
        self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            return data[upgrade.args[0] :]
        except httptools.HttpParserError as error:
            self._check_excess(error)
        self._deliver()
        if self._head_bytes > self._limits.max_head_bytes and not self.is_done:
            raise InvalidAnswer("the head or a trailer is too large")
        if is_first and self.is_done and self._is_plain:
            self._remember(data)
        return b""

    def _deliver(self) -> None:
        """Hand the body on once per read, however many chunks it came in."""
        pieces = self._pieces
        if pieces:
            self._pieces = []
            self._sink.on_data(pieces[0] if len(pieces) == 1 else b"".join(pieces))

    def eof(self) -> bool:
        """The backend closed. True if that is the end of the answer (RFC 9112 §6.3, rule 8)."""
        if self._in_body and self.until_close:
            self.is_done = True
        return self.is_done

    # httptools calls these.

    def on_message_begin(self) -> None:
        if self.is_done:
            raise InvalidAnswer("a second answer")  # before its fields could pass for trailers of the first

    def on_status(self, phrase: bytes) -> None:
        if _control(phrase):
            raise InvalidAnswer("a control character in the reason phrase")  # RFC 9112 §4

    def on_header(self, name: bytes, value: bytes) -> None:
        fields = self._fields
        fields.append((_NAMES[name], value.strip(b" \t")))
        if self._in_body:
            if self.is_done or fields[-1][0] in _FRAMING:
                self._misplaced(fields[-1][0])
            self._head_bytes = 0
            self._trailer_bytes += len(name) + len(value) + 4
            self.has_trailers = True
            if len(fields) > _MAX_TRAILERS or self._trailer_bytes > self._limits.max_head_bytes:
                raise InvalidAnswer("too many or too large trailer fields")

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        fields, self._fields = self._fields, []
        most = self._limits.max_head_bytes
        if len(fields) > self._limits.max_fields or (self._head_bytes > most and _size_of(fields) > most):
            raise InvalidAnswer("the head is too large")
        version = self._parser.get_http_version()
        if version not in _VERSIONS:
            raise InvalidAnswer("another version than HTTP/1")
        if not 100 <= status <= 599:
            raise InvalidAnswer("a status code outside 100 to 599")  # RFC 9110 §15
        if status < 200:
            self._interim(status, fields)
            return
        self._head_bytes = 0
        head = self._final_head(status, fields, version)
        self._in_body = True
        if self._sink.method == "HEAD":
            # The parser cannot be told that no body follows, so it is not used again (RFC 9112 §6.3, rule 1).
            self._spent = True
            self.is_done = True
        self._sink.on_head(head)

    def on_body(self, data: bytes) -> None:
        if self.is_done:
            self.has_excess = True
            return
        self._head_bytes = 0
        self._pieces.append(data)

    def on_message_complete(self) -> None:
        if self._in_body:
            self.is_done = True

    @property
    def trailers(self) -> list[Field]:
        """The trailer fields that may be forwarded (RFC 9110 §6.5.1)."""
        return [field for field in self._fields if is_allowed_trailer(field[0])]

    def _misplaced(self, name: bytes) -> None:
        """A trailer behind an answer to HEAD; or about framing or the connection, which the parser heeds (§6.5.1)."""
        if self.is_done or name == b"transfer-encoding":
            raise InvalidAnswer("a trailer that must not be")
        self.keep_alive = False

    def _check_excess(self, error: httptools.HttpParserError) -> None:
        """What is wrong behind a complete answer spoils the connection, not the answer. Raises InvalidAnswer."""
        if self.is_done:
            self.has_excess = True
            return
        cause = error.__context__
        if isinstance(cause, InvalidAnswer):
            raise cause from None
        if isinstance(error, httptools.HttpParserCallbackError):
            raise error
        raise InvalidAnswer(str(error)) from error

    def _remember(self, data: bytes) -> None:
        """Keep an ordinary answer that came in one piece, for the next one to be compared with."""
        answer = self._latest
        if answer.length is not None and answer.has_body and self.keep_alive and not self.has_excess:
            head = data[: len(data) - answer.length]
            # The parser skips line ends behind an answer: `head` is the head only if it ends with its first empty line.
            if len(head) <= _MAX_REPEATED and head.find(b"\r\n\r\n") == len(head) - 4:
                self._repeated = _Repeated(head, len(data), answer)

    def _interim(self, status: int, fields: list[Field]) -> None:
        if status > 103 and any(name in _BODY for name, _ in fields):
            raise InvalidAnswer("an interim answer with a body")  # for the parser it has one, for nobody else
        self._is_plain = False
        self._interims += 1
        if self._interims > _MAX_INTERIMS:
            raise InvalidAnswer("too many interim answers")
        if status != 101:
            self._sink.on_interim(status, _end_to_end(fields))
            return
        switched = [value.strip().lower() for name, value in fields if name == b"upgrade"]
        if not self._upgrade or switched != [self._upgrade] or not self._parser.should_upgrade():
            raise InvalidAnswer("101 without being asked")  # RFC 9110 §15.2.2
        upgrade = [(b"connection", b"upgrade"), (b"upgrade", self._upgrade)]
        self.switched = AnswerHead(status, _end_to_end(fields) + upgrade, None, has_body=False)

    def _final_head(self, status: int, fields: list[Field], version: str) -> AnswerHead:
        kept: list[Field] = []
        framing: list[Field] = []
        for field in fields:
            if field[0] in _FRAMING:
                framing.append(field)
            else:
                kept.append(field)
        length, chunked, options = _read_framing(framing) if framing else (None, False, None)
        if chunked and version == "1.0":
            raise InvalidAnswer("Transfer-Encoding in HTTP/1.0")  # RFC 9112 §6.1: faulty framing
        if options:
            kept = without_named(kept, options)
        head = AnswerHead(status, kept, length, status not in (204, 304) and self._sink.method != "HEAD")
        self.until_close = head.has_body and not chunked and length is None
        # The head ends it, whatever it announces (RFC 9112 §6.3, rule 1). If a body comes all the same, in a later
        # read, it must not be the answer to someone else.
        may_be_followed = not head.has_body and (chunked or bool(length))
        self.keep_alive = self._parser.should_keep_alive() and not may_be_followed
        self._latest = head
        return head


def _read_framing(framing: list[Field]) -> tuple[int | None, bool, frozenset[bytes] | None]:
    """(Content-Length, chunked, what `Connection` names). Raises InvalidAnswer if ambiguous (RFC 9112 §6.1, §6.3)."""
    length: int | None = None
    chunked = False
    options: frozenset[bytes] | None = None
    for name, value in framing:
        if name == b"content-length":
            if length is not None or not value.isdigit() or len(value) > 18:
                raise InvalidAnswer("an invalid or repeated Content-Length")
            length = int(value)
        elif name == b"transfer-encoding":
            if chunked or value.lower() != b"chunked":
                raise InvalidAnswer("an unsupported transfer coding")
            chunked = True
        elif name == b"connection" and value.lower() not in _PLAIN_CONNECTION:
            options = connection_options([value]) | (options or frozenset())
    if chunked and length is not None:
        raise InvalidAnswer("both Content-Length and Transfer-Encoding")
    return length, chunked, options


_PLAIN_CONNECTION = frozenset({b"close", b"keep-alive"})


def _size_of(fields: list[Field]) -> int:
    return sum(len(name) + len(value) + 4 for name, value in fields)


def _end_to_end(fields: list[Field]) -> list[Field]:
    options = connection_options([value for name, value in fields if name == b"connection"])
    return without_named([field for field in fields if field[0] not in _FRAMING], options)


_NAMES: BoundedCache[bytes] = BoundedCache(bytes.lower, max_entries=1024, max_key_bytes=64)


class _Nobody:
    """Takes the rest of an answer that nobody wants."""

    method = ""

    def on_interim(self, status: int, fields: list[Field]) -> None: ...

    def on_head(self, head: AnswerHead) -> None: ...

    def on_data(self, data: bytes) -> None: ...

    def on_end(self, trailers: Sequence[Field]) -> None: ...

    def on_switched(self, head: AnswerHead) -> None: ...

    def on_failure(self, failure: UpstreamFailure) -> None: ...

    def on_upstream_blocked(self, blocked: bool) -> None: ...


_NOBODY = _Nobody()
