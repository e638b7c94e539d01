"""The answers that the gateway gives by itself when no policy did."""

from hotgate.http.headers import encode_fields
from hotgate.http.problem import STATUS_LINES, with_request_id
from hotgate.http.request import Request
from hotgate.http.response import Response
from hotgate.pipeline.route import Route
from hotgate.routing.table import RouteTable
from hotgate.upstream.failure import UpstreamFailure


def unrouted(request: Request, table: RouteTable[Route]) -> Response:
    """No route has it: 404, or 405 where one has the path but not the method (RFC 9110 §15.5.6).

    `OPTIONS *` asks about the server, not about anything behind it (§9.3.7): a ping, answered here. It names no method,
    for which of them are allowed depends on the path.
    """
    if request.path == "*":
        return Response(204)
    methods = table.allowed_methods(request)
    if not methods:
        return Response.problem(404, code="route-not-found", detail="No route matches this host and path.")
    return Response.problem(
        405,
        code="method-not-allowed",
        detail="This path does not support the method.",
        headers={"allow": ", ".join(sorted(methods))},
    )


def body_too_large(limit: int) -> Response:
    """RFC 9110 §15.5.14."""
    return Response.problem(413, code="body-too-large", detail=f"The body is larger than {limit} bytes.")


def body_timeout() -> Response:
    """The client stopped sending (RFC 9110 §15.5.9)."""
    return Response.problem(408, code="request-timeout", detail="The request body did not arrive in time.")


def policy_failed(error: BaseException) -> Response:
    """A policy raised: denied, and the reason is for operators only."""
    return Response.problem(
        500,
        code="policy-failed",
        detail="The gateway could not decide about this request.",
        log_detail=f"{type(error).__name__} in a policy",
    )


def policy_timeout() -> Response:
    """A policy waited for too long: denied."""
    return Response.problem(503, code="policy-timeout", detail="The gateway could not decide in time.")


def upstream_failed(failure: UpstreamFailure) -> Response:
    """502, 503 or 504, and which."""
    headers = {"retry-after": "1"} if failure.status == 503 else None
    return Response.problem(
        failure.status, code=failure.kind, detail=failure.detail, log_detail=failure.log_detail, headers=headers
    )


def last_answer(status: int, code: str, detail: str) -> bytes:
    """An answer outside any exchange, after which the connection ends: all of its bytes."""
    response = Response.problem(status, code=code, detail=detail)
    body = response.body or b""
    framing = b"content-length: %d\r\nconnection: close\r\n" % len(body)
    return b"%b%b%b\r\n%b" % (STATUS_LINES[status], encode_fields(response.headers.fields), framing, body)


def body_of(response: Response, request_id: str) -> bytes:
    """The bytes to send; a problem names the request, so that its reader can ask about it."""
    body = response.body or b""
    if response.header("content-type") == "application/problem+json":
        return with_request_id(body, request_id)
    return body
