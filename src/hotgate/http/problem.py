"""Problem details (RFC 9457): the one form in which Hotgate says that something went wrong."""

import json
from collections.abc import Mapping
from http import HTTPStatus

_REASONS = {status.value: status.phrase.encode("ascii") for status in HTTPStatus}
_REASONS |= {413: b"Content Too Large", 422: b"Unprocessable Content"}  # RFC 9110; Python before 3.13 has older names


STATUS_LINES = {status: b"HTTP/1.1 %d %b\r\n" % (status, _REASONS.get(status, b"")) for status in range(100, 600)}
"""The status line of every answer; a code without a standard phrase has none (RFC 9112 §4 allows that)."""


def reason_phrase(status: int) -> bytes:
    """The standard phrase of a status code; empty for one that has none (RFC 9112 §4 allows that)."""
    return _REASONS.get(status, b"")


def problem_body(status: int, code: str, detail: str, members: Mapping[str, object] | None = None) -> bytes:
    """The JSON object without its request id, which `with_request_id` adds when the answer is sent.

    members: others besides or instead, as `type` and its extensions (RFC 9457 §3.2).
    """
    title = reason_phrase(status).decode("ascii") or "Error"
    problem: dict[str, object] = {"type": "about:blank", "title": title, "status": status, "code": code}
    if detail:
        problem["detail"] = detail
    return json.dumps(problem | dict(members or {}), separators=(",", ":")).encode()


def with_request_id(body: bytes, request_id: str) -> bytes:
    """The same problem with `request_id` as its last member. `request_id` needs no escaping (it was validated).

    A policy may give what is no object, or an empty one: that stays as it is.
    """
    members, end, rest = body.rpartition(b"}")
    if not end or rest.strip() or not members.startswith(b"{") or members.strip() == b"{":
        return body
    return b'%b,"request_id":"%b"}' % (members, request_id.encode("ascii"))
