"""Problem details (RFC 9457): the one form in which Hotgate says that something went wrong."""

import json
from http import HTTPStatus

_REASONS = {status.value: status.phrase.encode("ascii") for status in HTTPStatus}
_REASONS |= {413: b"Content Too Large", 422: b"Unprocessable Content"}  # RFC 9110; Python before 3.13 has older names


STATUS_LINES = {status: b"HTTP/1.1 %d %b\r\n" % (status, _REASONS.get(status, b"")) for status in range(100, 600)}
"""The status line of every answer; a code without a standard phrase has none (RFC 9112 §4 allows that)."""


def reason_phrase(status: int) -> bytes:
    """The standard phrase of a status code; empty for one that has none (RFC 9112 §4 allows that)."""
    return _REASONS.get(status, b"")


def problem_body(status: int, code: str, detail: str) -> bytes:
    """The JSON object without its request id, which `with_request_id` adds when the answer is sent."""
    title = reason_phrase(status).decode("ascii") or "Error"
    members: dict[str, object] = {"type": "about:blank", "title": title, "status": status, "code": code}
    if detail:
        members["detail"] = detail
    return json.dumps(members, separators=(",", ":")).encode()


def with_request_id(body: bytes, request_id: str) -> bytes:
    """The same problem with `request_id` as its last member. `request_id` needs no escaping (it was validated)."""
    return b'%b,"request_id":"%b"}' % (body[:-1], request_id.encode("ascii"))
