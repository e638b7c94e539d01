"""A client that keeps its connection sends the same header fields again and again; they need not be parsed again.

A request whose header section is equal, byte for byte, to that of the request before it on this connection means the
same. Only its request line is new, and only a plain one is read here: everything else goes to the parser. The parser
stays the only judge of what is valid, for this compares with what it has accepted.
"""

import re

from hotgate.edge.incoming import Incoming
from hotgate.edge.request_rules import RequestRules
from hotgate.http.headers import Field, Headers
from hotgate.http.request import Request
from hotgate.http.targets import BadTarget

_MAX_BLOCK = 4096  # bytes kept for each connection
_plain_line = re.compile(rb"(GET|HEAD|OPTIONS|DELETE) (/[!-~]*) HTTP/1\.1").fullmatch
_METHODS = {b"GET": "GET", b"HEAD": "HEAD", b"OPTIONS": "OPTIONS", b"DELETE": "DELETE"}


class RepeatedHead:
    """block: the header section from the line end of the request line on. The rest is what it was parsed to.

    Values are copied: policies may change the request that they came from.
    """

    __slots__ = ("_authority", "_fields", "_forwarding", "_host", "_request_id", "_scheme", "_traceparent", "block")

    def __init__(self, block: bytes, incoming: Incoming) -> None:
        self.block = block
        request = incoming.request
        self._fields: list[Field] = request.headers.fields.copy()
        self._authority = request.authority
        self._host = request.host
        self._scheme = request.scheme
        self._forwarding = incoming.forwarding
        self._request_id = incoming.request_id
        self._traceparent = incoming.traceparent

    @classmethod
    def of(cls, data: bytes, incoming: Incoming | None) -> "RepeatedHead | None":
        """What to keep of a request that came as one piece, or None if a later one could differ from it."""
        if incoming is None or incoming.has_body or incoming.asks_upgrade or incoming.expects_continue:
            return None
        end = data.find(b"\r\n")
        if len(data) - end > _MAX_BLOCK or not incoming.keep_alive or _plain_line(data, 0, end) is None:
            return None
        return cls(data[end:], incoming)

    def request(self, data: bytes, rules: RequestRules) -> Incoming | None:
        """The request that `data` is, which ends with `block`; None if the parser must look at it."""
        line = _plain_line(data, 0, len(data) - len(self.block))
        if line is None:
            return None
        method, target = line.groups()
        if len(target) > rules.limits.max_target_bytes:
            return None
        try:
            path, query = rules.targets[target]
        except BadTarget:
            return None
        headers = Headers(self._fields.copy())
        request = Request(
            _METHODS[method], path, headers, self._host, self._authority, query, self._scheme, sent_target=target
        )
        incoming = Incoming(request)
        incoming.keep_alive = incoming.is_complete = True
        incoming.forwarding = self._forwarding
        incoming.request_id = self._request_id
        incoming.traceparent = self._traceparent
        return incoming
