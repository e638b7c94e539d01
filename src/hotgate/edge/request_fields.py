"""The fields of a request that are about its framing, its connection or its way here: read once, never forwarded raw."""

from hotgate.edge.field_names import DROPPED, FORWARDING
from hotgate.edge.incoming import Incoming
from hotgate.edge.request_rules import Refused
from hotgate.http.headers import Field
from hotgate.http.hop_by_hop import HOP_BY_HOP, connection_options, without_named
from hotgate.http.request import Request
from hotgate.http.targets import split_absolute

READ_HERE = HOP_BY_HOP | FORWARDING | {b"host", b"content-length", b"expect", b"x-request-id", b"traceparent", DROPPED}


def read_special(incoming: Incoming, special: list[Field]) -> None:
    """Fields that are about this connection or hop; none of them is forwarded as it came."""
    request = incoming.request
    lengths: list[bytes] = []
    codings: list[bytes] = []
    connection: list[bytes] = []
    hosts = 0
    for name, value in special:
        if name == b"host":
            hosts += 1
            request.authority = value
        elif name == b"content-length":
            lengths.append(value)
        elif name == b"transfer-encoding":
            codings.append(value)
        elif name == b"connection":
            connection.append(value)
        elif name == b"upgrade":
            incoming.asks_upgrade = True
        elif name == b"expect":
            _read_expect(incoming, value)
        elif name in FORWARDING:
            incoming.forwarding += ((name, value),)
        elif name == b"x-request-id":
            incoming.request_id = value
        elif name == b"traceparent":
            incoming.traceparent = value if not incoming.traceparent else b"repeated"
    if hosts > 1:
        raise Refused(400, "host-invalid", "There must be one Host header.")
    if connection:
        options = connection_options(connection)
        if not options <= _PLAIN_OPTIONS:
            request.headers.fields = without_named(request.headers.fields, options)
    if lengths or codings:
        _read_framing(incoming, lengths, codings)


_PLAIN_OPTIONS = frozenset({b"close", b"keep-alive", b"upgrade"})


def _read_framing(incoming: Incoming, lengths: list[bytes], codings: list[bytes]) -> None:
    """RFC 9112 §6.1 and §6.3: one framing or none, and in one spelling."""
    if len(lengths) + len(codings) > 1:
        raise Refused(400, "framing-invalid", "Content-Length and Transfer-Encoding must appear once, and never both.")
    if codings:
        if codings[0].lower() != b"chunked":
            raise Refused(501, "transfer-coding-unsupported", "The only supported transfer coding is chunked.")
        if incoming.request.version != "1.1":
            raise Refused(400, "framing-invalid", "Transfer-Encoding needs HTTP/1.1.")
        incoming.chunked = True
    else:
        if not (lengths[0].isdigit() and len(lengths[0]) <= 18):
            raise Refused(400, "framing-invalid", "Content-Length must be a decimal number.")
        incoming.length = int(lengths[0])


def _read_expect(incoming: Incoming, value: bytes) -> None:
    if value.lower() != b"100-continue":
        raise Refused(417, "expectation-failed", "The only supported expectation is 100-continue.")
    incoming.expects_continue = incoming.request.version == "1.1"  # RFC 9110 §10.1.1: ignored from HTTP/1.0


def origin_form(request: Request, target: bytes) -> bytes:
    """Absolute form wins over Host (RFC 9112 §3.2.2). Other forms do not fit a gateway. Raises BadTarget, Refused."""
    scheme, authority, origin = split_absolute(target)
    if request.authority and request.authority.lower() != authority.lower():
        raise Refused(400, "host-invalid", "Host and the request target name different hosts.")
    request.authority = authority
    if scheme not in ("http", "https"):
        raise Refused(400, "target-invalid", "The scheme must be http or https.")
    return origin
