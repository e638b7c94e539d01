"""What clients are told where there is no token for a backend: nothing of what the authorization server has said."""

from math import ceil

from hotgate.http.response import Response
from hotgate.policies.outgoing.shown_token import NoToken

_NOT_ACCEPTED = 'Bearer error="invalid_token", error_description="The token is not accepted for this service"'
_LONGEST_WAIT = 60  # seconds, in Retry-After


def unavailable(missing: NoToken) -> Response:
    """503: it may go well later, and the caller has done nothing wrong."""
    return Response.problem(
        503,
        code="upstream-credential-unavailable",
        detail="What the gateway must show to the backend is not available at the moment.",
        headers={"retry-after": str(min(_LONGEST_WAIT, max(1, ceil(missing.retry_after))))},
        log_detail=str(missing),
    )


def exchange_refused(code: str) -> Response:
    """401 if the caller's token is worth nothing at the server any more, 403 if it is not good enough for this service.

    RFC 8693 §2.2.2 knows `invalid_request` for a token that is not acceptable, and `invalid_target`; servers also say
    `invalid_grant` of a token that has ended (RFC 6749 §5.2), against which a new one helps.
    """
    log_detail = f"the authorization server refuses the exchange: {code}"
    if code == "invalid_grant":
        return Response.problem(
            401,
            code="token-not-exchangeable",
            detail="The token is not accepted for this service.",
            headers={"www-authenticate": _NOT_ACCEPTED},
            log_detail=log_detail,
        )
    return Response.problem(
        403, code="upstream-access-denied", detail="This service is not open to the caller.", log_detail=log_detail
    )
