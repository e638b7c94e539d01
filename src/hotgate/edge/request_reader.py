"""Bytes from a client in, canonical requests out. No I/O: the connection feeds it and is told of each request.

Framing follows RFC 9112; whatever two parsers could read differently is refused, never repaired.
"""

from typing import Protocol

import httptools

from hotgate.edge.field_names import RefusedName
from hotgate.edge.incoming import Incoming
from hotgate.edge.repeated_head import RepeatedHead
from hotgate.edge.request_fields import NEVER_TRAILERS, READ_HERE, origin_form, read_special
from hotgate.edge.request_line import is_rtsp
from hotgate.edge.request_rules import Refused, RequestRules, check_size, too_large
from hotgate.http.headers import Field, Headers
from hotgate.http.hop_by_hop import is_allowed_trailer
from hotgate.http.request import Request
from hotgate.http.targets import BadTarget

_METHODS = {
    name.encode(): name
    for name in (
        *("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "QUERY"),
        *("COPY", "LOCK", "MKCOL", "MOVE", "PROPFIND", "PROPPATCH", "SEARCH", "UNLOCK", "BIND", "REBIND", "UNBIND"),
        *("ACL", "REPORT", "MKACTIVITY", "CHECKOUT", "MERGE", "PURGE", "MKCALENDAR", "LINK", "UNLINK"),
    )
}
"""CONNECT would open a tunnel, and TRACE shows a client the fields that the gateway adds: neither is supported."""
_UPGRADES = frozenset({b"websocket"})  # never h2c: it would tunnel requests past every policy

_MAX_TRAILERS = 64
_MAX_REST_OF_LINE = 64  # bytes of a request line besides its target: method, spaces, protocol
_MAX_FRAMING = 64 * 1024  # bytes of a chunked body's framing, besides
_WIRE_PER_BYTE = 8  # so many for each byte of the body: chunks of one byte cost six
_CLIENT_HELLO = b"\x16\x03"  # a handshake record (RFC 8446 §5.1)
_HTTP_2_PREFACE = "Pause on PRI/Upgrade"  # what the parser says of it (RFC 9113 §3.4)


class RequestOwner(Protocol):
    """The connection that reads."""

    def on_incoming(self, incoming: Incoming) -> bool:
        """A request whose head is complete, or a refusal. False: take no more requests from this connection."""
        ...

    def on_client_hello(self) -> bool:
        """The client speaks TLS, and this is not the place. Whether it has been told; else it is a bad request."""
        ...


class RequestReader:
    """One per connection. `is_closed`: what follows is ignored (after a refusal or `Connection: close`).

    pieces_read: in how many chunks the body of the last read came.
    """

    __slots__ = (
        "_began_midway",
        "_chunked_bytes",
        "_current",
        "_fields",
        "_head_bytes",
        "_heads",
        "_in_head",
        "_latest",
        "_owner",
        "_parser",
        "_pieces",
        "_raw_head",
        "_repeated",
        "_replaying",
        "_rules",
        "_scheme",
        "_target",
        "_trailer_bytes",
        "_tunnel",
        "is_between",
        "is_closed",
        "pieces_read",
    )

    def __init__(self, owner: RequestOwner, rules: RequestRules, *, scheme: str = "http") -> None:
        self._owner = owner
        self._rules = rules
        self._scheme = scheme
        self._parser = httptools.HttpRequestParser(self)
        self._target = b""
        self._fields: list[Field] = []
        self._current: Incoming | None = None
        self._latest: Incoming | None = None
        self._repeated: RepeatedHead | None = None
        self._in_head = self.is_between = True
        self._head_bytes = self._heads = self._trailer_bytes = self._chunked_bytes = 0
        self._raw_head = b""
        self._began_midway = False
        self._tunnel = False
        self._replaying = False
        self._pieces: list[bytes] = []
        self.pieces_read = 0
        self.is_closed = False

    @property
    def rules(self) -> RequestRules:
        """How requests are read. May be replaced between two of them (`is_between`)."""
        return self._rules

    @rules.setter
    def rules(self, rules: RequestRules) -> None:
        self._rules = rules
        self._repeated = None

    @property
    def has_partial_head(self) -> bool:
        """Whether a client has begun a request and not finished its head."""
        return self._in_head and self._head_bytes > 0

    def feed(self, data: bytes) -> None:
        """Read what arrived. Never raises for what a client can send: a refusal is passed on as an Incoming."""
        repeated = self._repeated
        if repeated is not None and self.is_between and data.endswith(repeated.block) and self._repeat(data, repeated):
            return
        if self.is_closed:
            return
        if self._tunnel:
            assert self._current is not None
            self._current.on_data(data)
            return
        was_between, self._heads = self.is_between, 0
        self._head_bytes += len(data)
        self.pieces_read = 0
        self._keep_head(data)
        begun = self._current
        rest = self._parse(data)
        while rest:
            rest = self._parse(rest)
        self._deliver()
        if not self._in_head or self.is_between:
            self._raw_head = b""
        if begun is not None and begun is self._current and begun.chunked:
            self._check_framing(begun, len(data))
        latest, self._latest = self._latest, None
        if was_between and self.is_between and self._heads == 1:
            self._repeated = RepeatedHead.of(data, latest)

    def _keep_head(self, data: bytes) -> None:
        """What was read of a head so far, as far as its request line may reach."""
        if not self._raw_head:
            self._raw_head = data.lstrip(b"\r\n") if self._in_head else data
        elif len(self._raw_head) <= self._rules.limits.max_target_bytes + _MAX_REST_OF_LINE:
            self._raw_head += data

    def _check_framing(self, incoming: Incoming, size: int) -> None:
        """Chunk extensions cost the reader and carry nothing (as CVE-2023-39326 and CVE-2024-22019)."""
        self._chunked_bytes += size
        if self._chunked_bytes > _MAX_FRAMING + _WIRE_PER_BYTE * incoming.received:
            self._refuse(Refused(400, "framing-invalid", "The body is mostly chunk extensions."))

    def release(self) -> None:
        """The connection is gone. Nothing may be fed any more, and no reference cycle is left."""
        self.is_closed = True
        self._repeated = self._current = None
        del self._owner, self._parser

    def _deliver(self) -> None:
        """Hand the body on once per read, however many chunks it came in."""
        pieces = self._pieces
        if not pieces:
            return
        self._pieces = []
        self.pieces_read += len(pieces)
        if self._current is not None:
            self._current.on_data(pieces[0] if len(pieces) == 1 else b"".join(pieces))

    def _parse(self, data: bytes) -> bytes:
        """Feed the parser; returns what follows an upgrade that is ignored."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            return self._after_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserCallbackError as error:
            self._refuse(_verdict(error.__context__))
        except httptools.HttpParserError as error:
            is_hello = data.startswith(_CLIENT_HELLO) and self._heads == 1 and not self._target
            if is_hello and self._owner.on_client_hello():
                self.is_closed = True
                self._head_bytes = 0
            else:
                self._refuse(_malformed(str(error)))
        else:
            if not self.is_between and self._head_bytes > self._rules.limits.max_head_bytes:
                self._refuse(too_large(self._target, self._rules.limits))
            elif self._in_head and not self.is_between and not self._head_bytes:
                self._head_bytes = 1  # it began behind another message, so that its size so far is not known
        return b""

    def _repeat(self, data: bytes, repeated: RepeatedHead) -> bool:
        """Take a request whose fields are those of the one before, if its request line is plain."""
        limits = self._rules.limits
        if len(data) > limits.max_head_bytes or self.is_closed:
            return False
        incoming = repeated.request(data, self._rules)
        if incoming is None:
            return False
        if not self._owner.on_incoming(incoming):
            incoming.keep_alive = False
            self.is_closed = True
        return True

    # httptools calls these.

    def on_message_begin(self) -> None:
        self.is_between = False
        self._began_midway = not self._head_bytes
        self._heads += 1

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        fields = self._fields
        fields.append((self._rules.names[name], value.strip(b" \t")))
        if not self._in_head and not self._replaying:
            if fields[-1][0] in NEVER_TRAILERS:
                raise Refused(400, "framing-invalid", "A trailer must not be about framing or the connection.")
            self._head_bytes = 0
            self._trailer_bytes += len(name) + len(value) + 4
            if len(fields) > _MAX_TRAILERS or self._trailer_bytes > self._rules.limits.max_head_bytes:
                raise Refused(431, "headers-too-large", "The trailer section is too large.")

    def on_headers_complete(self) -> None:
        if self.is_closed:
            return
        if self._replaying:
            self._replaying = False
            return
        target, self._target = self._target, b""
        fields, self._fields = self._fields, []
        head_bytes, self._head_bytes = self._head_bytes, 0
        self._in_head = False
        self._trailer_bytes = self._chunked_bytes = 0
        limits = self._rules.limits
        if head_bytes > limits.unmeasured_bytes or len(fields) > limits.max_fields or self._began_midway:
            check_size(target, fields, limits)
        incoming = self._canonical(target, fields)
        self._current = self._latest = incoming
        if not self._owner.on_incoming(incoming):
            incoming.keep_alive = False
            self.is_closed = not incoming.has_body

    def on_body(self, data: bytes) -> None:
        self._head_bytes = 0
        self._pieces.append(data)

    def on_message_complete(self) -> None:
        incoming = self._current
        self._deliver()
        if self.is_closed or incoming is None or self._tunnel:
            return
        if incoming.asks_upgrade and incoming.has_body and self._parser.should_upgrade():
            return  # the parser ends such a message at its head; the body comes by `_after_upgrade`
        self._in_head = self.is_between = True
        self._head_bytes = 0
        self._current = None
        if self._fields:
            incoming.trailers = tuple(field for field in self._fields if _is_forwarded_trailer(field[0]))
            self._fields = []
        if not incoming.keep_alive:
            self.is_closed = True
        incoming.on_end()

    def _after_upgrade(self, rest: bytes) -> bytes:
        incoming = self._current
        if self.is_closed:
            return b""
        if self._tunnel:
            if rest and incoming is not None:
                incoming.on_data(rest)
            return b""
        self._parser = httptools.HttpRequestParser(self)
        if incoming is not None:
            # The upgrade is ignored (RFC 9110 §7.8), but the parser skipped the body: tell a new one what to expect.
            length = b"content-length: %d" % (incoming.length or 0)
            framing = b"transfer-encoding: chunked" if incoming.chunked else length
            self._replaying = True
            self._parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n\r\n" % framing)
        self._target, self._fields = b"", []
        return rest

    def _refuse(self, refused: Refused) -> None:
        if self.is_closed:
            return  # behind the last request nothing is read, so nothing of it can be wrong
        self.is_closed = True
        incoming, self._current = self._current, None
        if incoming is not None and incoming.consumer is not None:
            incoming.consumer.on_request_broken(refused.response())
            return
        if incoming is None:
            incoming = Incoming(Request("GET", "/", Headers()))
            incoming.refusal = refused.response()
            self._owner.on_incoming(incoming)
        else:
            incoming.keep_alive = False  # it waits behind an earlier request and will not be served
            incoming.refusal = refused.response()

    def _canonical(self, target: bytes, fields: list[Field]) -> Incoming:
        parser = self._parser
        version = parser.get_http_version()
        if version not in ("1.1", "1.0"):
            raise Refused(505, "http-version-unsupported", "Use HTTP/1.1.")
        method = _METHODS.get(parser.get_method())
        if is_rtsp(self._raw_head, target):
            raise Refused(505, "http-version-unsupported", "Use HTTP/1.1.")
        if method is None:
            raise Refused(501, "method-not-implemented", "This method is not supported.")
        kept: list[Field] = []
        special: list[Field] = []
        for field in fields:
            (special if field[0] in READ_HERE else kept).append(field)
        request = Request(method, "/", Headers(kept), scheme=self._scheme, version=version, sent_target=target)
        incoming = Incoming(request)
        incoming.keep_alive = parser.should_keep_alive()
        read_special(incoming, special)
        self._locate(request, target)
        if incoming.asks_upgrade and parser.should_upgrade():
            self._upgrade(incoming, special)
        return incoming

    def _locate(self, request: Request, target: bytes) -> None:
        """Set host, authority, path and query (RFC 9112 §3.2)."""
        if not request.authority and request.version == "1.1":
            raise Refused(400, "host-missing", "HTTP/1.1 requires one Host header.")  # absolute form is no excuse
        try:
            if target == b"*" and request.method == "OPTIONS":
                request.path = "*"  # of the gateway itself (RFC 9110 §9.3.7): no route has this path
            else:
                origin = target if target[:1] == b"/" else origin_form(request, target)
                request.path, request.query = self._rules.targets[origin]
            if request.authority:
                request.host = self._rules.hosts[request.authority]
        except BadTarget as error:
            raise Refused(400, "target-invalid", f"The request is not valid: {error}.") from error

    def _upgrade(self, incoming: Incoming, special: list[Field]) -> None:
        protocols = [value.strip().lower() for name, value in special if name == b"upgrade"]
        if len(protocols) == 1 and protocols[0] in _UPGRADES and incoming.request.version == "1.1":
            if incoming.has_body or incoming.request.method != "GET":
                raise Refused(400, "upgrade-invalid", "A WebSocket handshake is a GET without a body.")
            incoming.upgrade = protocols[0]
            incoming.keep_alive = False
            self._tunnel = True


def _is_forwarded_trailer(name: bytes) -> bool:
    return name not in READ_HERE and is_allowed_trailer(name)


def _malformed(reason: str) -> Refused:
    if "version" in reason.lower() or reason == _HTTP_2_PREFACE:
        return Refused(505, "http-version-unsupported", "Use HTTP/1.1.")
    return Refused(400, "request-malformed", f"The request is not valid HTTP/1.1: {reason}.")


def _verdict(error: BaseException | None) -> Refused:
    """What a callback raised. Anything but a verdict is a fault of ours: it must not pass as the client's."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, RefusedName):
        return Refused(400, "header-name-invalid", f"Header names must not contain {error}.")
    if error is not None:
        raise error
    return Refused(400, "request-malformed", "The request is not valid HTTP/1.1.")
