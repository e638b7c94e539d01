"""The door of the admin API: a bearer token in the Authorization field (RFC 6750 §2.1), and nothing else."""

import math

from starlette.types import ASGIApp, Receive, Scope, Send

from hotgate.control.admin_tokens import AdminTokens, NoToken
from hotgate.control.failure_window import FailureWindow
from hotgate.control.problem import Problem
from hotgate.observe.log import security_event

OWNER = "owner"
"""The name in `request.state` of who the token belongs to."""

_SCHEME = b"bearer "
_MOST_BYTES = 1024
_CHALLENGE = {"www-authenticate": 'Bearer realm="hotgate-admin"', "connection": "close"}


class BearerAuthentication:
    """ASGI middleware that lets nobody pass without a token.

    A missing, malformed and wrong token get the same answer. Who fails often is told to stay away, but the right token
    always passes: otherwise anybody on this machine could lock the operators out.
    """

    def __init__(self, app: ASGIApp, tokens: AdminTokens, failures: FailureWindow) -> None:
        self._app = app
        self._tokens = tokens
        self._failures = failures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on with the owner's name."""
        try:
            owner = self._tokens.owner(_token(scope)) or self._refuse(scope)
        except NoToken as reason:
            security_event(
                "admin-token-missing", reason=str(reason)
            )  # it names files, which are not everybody's business
            detail = "The gateway has no token to compare with; its log says why."
            await Problem(503, "no-admin-token", detail, headers={"connection": "close"}).response()(
                scope, receive, send
            )
        except Problem as refusal:
            await refusal.response()(scope, receive, send)
        else:
            scope.setdefault("state", {})[OWNER] = owner
            await self._app(scope, receive, send)

    def _refuse(self, scope: Scope) -> str:
        client = scope.get("client")
        address = client[0] if client else "unix"
        security_event("admin-token-refused", address=address)
        seconds = math.ceil(self._failures.failed(address))
        if seconds:
            detail = "Too many requests without a valid token came from this address."
            raise Problem(429, "too-many-failures", detail, headers={**_CHALLENGE, "retry-after": str(seconds)})
        raise Problem(401, "admin-token-required", "Send a valid token: Authorization: Bearer …", headers=_CHALLENGE)


def _token(scope: Scope) -> bytes:
    """What was shown; "" for nothing, for two, and for what cannot be a token."""
    shown = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(shown) != 1 or len(shown[0]) > _MOST_BYTES or shown[0][: len(_SCHEME)].lower() != _SCHEME:
        return b""
    return bytes(shown[0][len(_SCHEME) :].strip(b" "))
