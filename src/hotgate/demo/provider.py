"""An OpenID Connect provider for the demo, where everybody may be alice or bob: discovery, login, code, ID token.

It does what OpenID Connect Core §3.1 and RFC 7636 say, for one client on this machine, and nothing else.
"""

import secrets
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT = "demo"
PEOPLE = ("alice", "bob")
_LIFETIME = 3600  # seconds of a token


class Provider:
    """secret: of the one client. application: serves it."""

    def __init__(self) -> None:
        self.secret = secrets.token_urlsafe(32)
        self._key = ECKey.generate_key("P-256", {"kid": "provider", "use": "sig", "alg": "ES256"})
        self._logins: dict[str, Mapping[str, str]] = {}
        self.application = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._metadata),
                Route("/jwks", self._keys),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
            ]
        )

    async def _metadata(self, request: Request) -> Response:
        issuer = _issuer(request)
        return JSONResponse(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "jwks_uri": f"{issuer}/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def _keys(self, request: Request) -> Response:
        return JSONResponse({"keys": [self._key.as_dict(private=False)]})

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        place = urlsplit(asked.get("redirect_uri", ""))
        if place.hostname not in ("127.0.0.1", "localhost") or asked.get("client_id") != CLIENT:
            return HTMLResponse("This is for the demo's gateway only.", 400)
        person = asked.pop("person", "")
        if person not in PEOPLE:
            links = (f'<li><a href="?{escape(urlencode({**asked, "person": each}))}">{each}</a>' for each in PEOPLE)
            return HTMLResponse(f"<title>Log in</title><h1>Who are you?</h1><ul>{''.join(links)}</ul>")
        code = secrets.token_urlsafe(32)
        self._logins[code] = {**asked, "person": person}
        answer = {"code": code, "state": asked.get("state", ""), "iss": _issuer(request)}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", 303)

    async def _token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        login = self._logins.pop(form.get("code", ""), None)
        if login is None or not self._may_have(login, form, request):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims: dict[str, Any] = {"iss": _issuer(request), "aud": CLIENT, "sub": login["person"], "auth_time": now}
        claims |= {"iat": now, "exp": now + _LIFETIME, "nonce": login.get("nonce", "")}
        token = jwt.encode({"alg": "ES256", "kid": "provider"}, claims, self._key)
        answer = {"access_token": secrets.token_urlsafe(32), "token_type": "Bearer", "expires_in": _LIFETIME}
        return JSONResponse({**answer, "id_token": token}, headers={"cache-control": "no-store"})

    def _may_have(self, login: Mapping[str, str], form: Mapping[str, str], request: Request) -> bool:
        """Whether it is the client that began the login: its secret, its verifier, its address."""
        digest = sha256(form.get("code_verifier", "").encode()).digest()
        expected = {
            "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "redirect_uri": form.get("redirect_uri"),
        }
        sent = request.headers.get("authorization", "").encode()
        return secrets.compare_digest(sent, _basic(CLIENT, self.secret)) and all(
            login.get(name) == value for name, value in expected.items()
        )


def _issuer(request: Request) -> str:
    return f"http://{request.url.netloc}"


def _basic(user: str, password: str) -> bytes:
    return b"Basic " + b64encode(f"{user}:{password}".encode())
