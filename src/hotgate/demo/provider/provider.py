"""The demo's provider as an application: discovery, login, tokens, introspection.

It does what OpenID Connect Core §3.1, RFC 7636, RFC 7662 and RFC 9449 §5 say, for one client, and nothing else.
"""

import secrets
from base64 import b64encode
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from hotgate.demo.provider.logins import Logins
from hotgate.demo.provider.tokens import LIFETIME, Tokens

CLIENT = "demo"
_NOT_KEPT = {"cache-control": "no-store"}


class Provider:
    """secret: of the one client. application: serves it. tokens: what it has issued."""

    def __init__(self) -> None:
        self.secret = secrets.token_urlsafe(32)
        self.tokens = Tokens()
        self._logins = Logins(CLIENT)
        self.application = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._metadata),
                Route("/jwks", self._keys),
                Route("/authorize", self._authorize),
                Route("/authorize", self._choose, methods=["POST"]),
                Route("/token", self._token, methods=["POST"]),
                Route("/introspect", self._introspect, methods=["POST"]),
            ]
        )

    async def _metadata(self, request: Request) -> Response:
        issuer = _issuer(request)
        return JSONResponse(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "introspection_endpoint": f"{issuer}/introspect",
                "jwks_uri": f"{issuer}/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
                "dpop_signing_alg_values_supported": ["ES256"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def _keys(self, request: Request) -> Response:
        return JSONResponse(self.tokens.key_set)

    async def _authorize(self, request: Request) -> Response:
        try:
            return HTMLResponse(self._logins.page(request.query_params), headers=_NOT_KEPT)
        except ValueError as error:
            return PlainTextResponse(str(error), 400)

    async def _choose(self, request: Request) -> Response:
        form = await _form(request)
        try:
            back = self._logins.chosen(form.get("login", ""), form.get("person", ""), _issuer(request))
        except ValueError as error:
            return PlainTextResponse(str(error), 400)
        return RedirectResponse(back, 303)

    async def _token(self, request: Request) -> Response:
        form = await _form(request)
        if form.get("grant_type") == "client_credentials":
            return self._bound_token(request)
        login = self._logins.redeemed(form) if self._is_client(request) else None
        if login is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        access = self.tokens.opaque(login["person"])
        return _tokens(access, "Bearer", id_token=self.tokens.identity(login, _issuer(request)))

    def _bound_token(self, request: Request) -> Response:
        """For anybody on this machine: it is worth something only with the key that has signed the proof."""
        try:
            token = self.tokens.bound("robot-9", request.headers.get("dpop", ""), _issuer(request))
        except ValueError:
            return JSONResponse({"error": "invalid_dpop_proof"}, 400)
        return _tokens(token, "DPoP")

    async def _introspect(self, request: Request) -> Response:
        if not self._is_client(request):
            return JSONResponse({"error": "invalid_client"}, 401)
        return JSONResponse(self.tokens.known((await _form(request)).get("token", "")), headers=_NOT_KEPT)

    def _is_client(self, request: Request) -> bool:
        expected = b"Basic " + b64encode(f"{CLIENT}:{self.secret}".encode())
        return secrets.compare_digest(request.headers.get("authorization", "").encode(), expected)


def _tokens(access: str, kind: str, **more: str) -> Response:
    content: dict[str, Any] = {"access_token": access, "token_type": kind, "expires_in": LIFETIME, **more}
    return JSONResponse(content, headers=_NOT_KEPT)


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode("ascii", "replace")))


def _issuer(request: Request) -> str:
    return f"http://{request.url.netloc}"
