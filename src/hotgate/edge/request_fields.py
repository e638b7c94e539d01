"""The fields of a request that are about its framing, its connection or its way here: never forwarded as they came."""

from hotgate.edge.field_names import DROPPED, FORWARDING
from hotgate.edge.incoming import Incoming
from hotgate.edge.request_rules import Refused
from hotgate.http.headers import Field
from hotgate.http.hop_by_hop import HOP_BY_HOP, connection_options, without_named
from hotgate.http.request import Request
from hotgate.http.targets import split_absolute

READ_HERE = HOP_BY_HOP | FORWARDING | {b"host", b"content-length", b"expect", b"x-request-id", b"traceparent", DROPPED}

# The parser heeds these in a trailer as well, and others do not (RFC 9110 §6.5.1); Content-Length it refuses by itself.
NEVER_TRAILERS = frozenset({b"transfer-encoding", b"connection", b"proxy-connection"})


def read_special(incoming: Incoming, special: list[Field]) -> None:
    """Take from these fields what the gateway acts upon. Raises Refused."""
    request = incoming.request
    values: dict[bytes, list[bytes]] = {}
    for name, value in special:
        values.setdefault(name, []).append(value)
    hosts = values.get(b"host", _NONE)
    if len(hosts) > 1:
        raise Refused(400, "host-invalid", "There must be one Host header.")
    if hosts:
        request.authority = hosts[0]
    if b"connection" in values:
        options = connection_options(values[b"connection"])
        if b"close" in options:
            incoming.keep_alive = False  # whatever else is named (RFC 9112 §9.3); the parser lets HTTP/1.0 say both
        if not options <= _PLAIN_OPTIONS:
            request.headers.fields = without_named(request.headers.fields, options)
    if b"content-length" in values or b"transfer-encoding" in values:
        _read_framing(incoming, values.get(b"content-length", _NONE), values.get(b"transfer-encoding", _NONE))
    if b"expect" in values:
        _read_expect(incoming, values[b"expect"])
    incoming.asks_upgrade = b"upgrade" in values
    incoming.forwarding = tuple(field for field in special if field[0] in FORWARDING)
    incoming.request_id = _only(values.get(b"x-request-id", _NONE))
    incoming.traceparent = _only(values.get(b"traceparent", _NONE))


_PLAIN_OPTIONS = frozenset({b"close", b"keep-alive", b"upgrade"})
_NONE: list[bytes] = []


def _only(values: list[bytes]) -> bytes:
    """The value of a field that may appear once; b"" if it is missing or repeated, and so says nothing."""
    return values[0] if len(values) == 1 else b""


def _read_framing(incoming: Incoming, lengths: list[bytes], codings: list[bytes]) -> None:
    """RFC 9112 §6.1 and §6.3: one framing or none, and in one spelling."""
    if len(lengths) + len(codings) > 1:
        raise Refused(400, "framing-invalid", "Content-Length and Transfer-Encoding must appear once, and never both.")
    if codings:
        if codings[0].lower() != b"chunked":
            raise Refused(501, "transfer-coding-unsupported", "The only supported transfer coding is chunked.")
        if incoming.request.version != "1.1":
            raise Refused(400, "framing-invalid", "Transfer-Encoding needs HTTP/1.1.")
        incoming.chunked = incoming.has_body = incoming.request.is_chunked = True
    else:
        if not (lengths[0].isdigit() and len(lengths[0]) <= 18):
            raise Refused(400, "framing-invalid", "Content-Length must be a decimal number.")
        incoming.length = incoming.request.content_length = int(lengths[0])
        incoming.has_body = True


def _read_expect(incoming: Incoming, values: list[bytes]) -> None:
    if [value.lower() for value in values] != [b"100-continue"]:
        raise Refused(417, "expectation-failed", "The only supported expectation is 100-continue.")
    incoming.expects_continue = incoming.request.version == "1.1"  # RFC 9110 §10.1.1: ignored from HTTP/1.0


def origin_form(request: Request, target: bytes) -> bytes:
    """Absolute form wins over Host (RFC 9112 §3.2.2). Other forms do not fit a gateway. Raises BadTarget, Refused."""
    scheme, authority, origin = split_absolute(target)
    if not request.authority and request.version == "1.1":
        raise Refused(400, "host-missing", "HTTP/1.1 requires one Host header, also beside an absolute target.")
    if request.authority and request.authority.lower() != authority.lower():
        raise Refused(400, "host-invalid", "Host and the request target name different hosts.")
    request.authority = authority
    if scheme not in ("http", "https"):
        raise Refused(400, "target-invalid", "The scheme must be http or https.")
    return origin
