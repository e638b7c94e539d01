"""An OpenID Connect provider that is as wrong as a test needs it, and a gateway that logs in at it.

It checks what a good provider checks (client, redirect_uri, PKCE, one use of a code and of a refresh token), so that a
test of the gateway cannot pass because nobody looked.
"""

import asyncio
import base64
import hashlib
import itertools
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx

from hotgate.control.openid.clocks import Clocks
from hotgate.control.openid.relying_parties import RelyingParties
from hotgate.identity.verification_keys.key_sets import key_set_name
from hotgate.policies.oidc.oidc_settings import OidcSettings
from hotgate.testing.issuer import Issuer

T = TypeVar("T")

ISSUER = "https://idp.test"
CLIENT = "gateway"
SECRET = "the-secret-of-the-client"
CALLBACK = "https://app.test/.hotgate/sso/callback"
VERIFIER = "v" * 43
NOW = 1_800_000_000
PUBLIC = "93.184.215.14"

Reply = Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]]


class FakeProvider:
    """metadata: what it publishes. claims: put into each ID token; None leaves one out. answer: the same for answers of
    the token endpoint. replies: by path, instead of what it would say. asked: all requests, oldest first."""

    def __init__(self, name: str = ISSUER) -> None:
        self.name = name
        self.issuer = Issuer(name)
        self.published = self.issuer.jwks()
        self.metadata: dict[str, Any] = {
            "issuer": name,
            "authorization_endpoint": f"{name}/authorize",
            "token_endpoint": f"{name}/token",
            "userinfo_endpoint": f"{name}/userinfo",
            "revocation_endpoint": f"{name}/revoke",
            "end_session_endpoint": f"{name}/logout",
            "jwks_uri": f"{name}/jwks",
            "authorization_response_iss_parameter_supported": True,
        }
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.answer: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {"sub": "alice", "email": "alice@example.com"}
        self.replies: dict[str, Reply] = {}
        self.asked: list[httpx.Request] = []
        self.now = NOW
        self._numbers = itertools.count(1)
        self._codes: dict[str, dict[str, str]] = {}
        self._pushed: dict[str, dict[str, str]] = {}
        self._refresh_tokens: set[str] = set()

    def authorize(self, location: str, **changed: str) -> str:
        """A user logs in where the browser was sent to; the code that comes back. changed: what an attacker changes."""
        query = queried(location)
        if "request_uri" in query:
            query = self._pushed.pop(query["request_uri"])
        assert query["response_type"] == "code"
        code = f"code-{next(self._numbers)}"
        self._codes[code] = {**query, **changed}
        return code

    def id_token(self, access: str, nonce: str | None) -> str:
        """One for alice."""
        digest = hashlib.sha256(access.encode()).digest()[:16]
        claims = {
            "iss": self.name,
            "sub": "alice",
            "aud": CLIENT,
            "iat": self.now,
            "exp": self.now + 300,
            "auth_time": NOW,
            "sid": "provider-session",
            "nonce": nonce,
            "at_hash": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            **self.claims,
        }
        present = {name: value for name, value in claims.items() if value is not None}
        return self.issuer.token(present, self.header).decode()

    def requests(self, path: str) -> list[httpx.Request]:
        """Those to one path."""
        return [request for request in self.asked if request.url.path == path]

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        own: dict[str, Reply] = {
            "/.well-known/openid-configuration": lambda _: httpx.Response(200, json=self.metadata),
            "/token": self._token,
            "/par": self._push,
            "/userinfo": lambda _: httpx.Response(200, json=self.userinfo),
            "/revoke": lambda _: httpx.Response(200),
        }
        reply = self.replies.get(request.url.path) or own.get(request.url.path) or (lambda _: httpx.Response(404))
        found = reply(request)
        response = found if isinstance(found, httpx.Response) else await found
        fields = [(name, value) for name, value in response.headers.items() if name != "content-length"]
        return httpx.Response(response.status_code, headers=fields, stream=httpx.ByteStream(response.content))

    def _push(self, request: httpx.Request) -> httpx.Response:
        if not _is_client(request):
            return refusal("invalid_client", 401)
        uri = f"urn:ietf:params:oauth:request_uri:{next(self._numbers)}"
        self._pushed[uri] = form_of(request)
        return httpx.Response(201, json={"request_uri": uri, "expires_in": 60})

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = form_of(request)
        if not _is_client(request):
            return refusal("invalid_client", 401)
        if form["grant_type"] == "refresh_token":
            return self._refreshed(form["refresh_token"])
        asked = self._codes.pop(form["code"], None)
        if asked is None or asked["redirect_uri"] != form["redirect_uri"] or asked["client_id"] != CLIENT:
            return refusal("invalid_grant")
        if asked["code_challenge"] != challenge_of(form["code_verifier"]):
            return refusal("invalid_grant")
        return self._issued(asked["nonce"])

    def _refreshed(self, token: str) -> httpx.Response:
        if token not in self._refresh_tokens:
            return refusal("invalid_grant")
        self._refresh_tokens.remove(token)
        return self._issued(None)

    def _issued(self, nonce: str | None) -> httpx.Response:
        number = next(self._numbers)
        access, refresh = f"access-{number}", f"refresh-{number}"
        self._refresh_tokens.add(refresh)
        answer = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": 300,
            "refresh_token": refresh,
            "id_token": self.id_token(access, nonce),
            **self.answer,
        }
        return httpx.Response(200, json={name: value for name, value in answer.items() if value is not None})


class LoggingIn:
    """The gateway's side: an entry `sso`. now, monotonic: its clocks. store: that nodes share, or None."""

    def __init__(self, provider: FakeProvider, runner: asyncio.Runner, **settings: Any) -> None:
        self.provider = provider
        self.runner = runner
        self.now: float = NOW
        self.monotonic = 0.0
        self.store: Any = None
        self.claimed: set[tuple[str, str]] = set()
        self.addresses: Mapping[str, Sequence[str]] = {}
        self.refreshed_keys = 0
        self.known_keys = provider.published
        self.settings = OidcSettings.model_validate(
            {"issuer": provider.name, "client": {"id": CLIENT, "secret": SECRET}, **settings}
        )
        self.parties = RelyingParties(
            self._documents,
            self._refresh_keys,
            lambda: self.store,
            self._claim,
            resolve=self._resolve,
            transport=httpx.MockTransport(provider),
            clocks=Clocks(lambda: self.now, lambda: self.monotonic),
        )
        self.run(self.parties.add({"sso": self.settings}))

    def run(self, work: Awaitable[T]) -> T:
        """What it gives."""

        async def awaited() -> T:
            return await work

        return self.runner.run(awaited())

    @property
    def party(self) -> Any:
        return self.parties["sso"]

    def begin(self, **wish: Any) -> dict[str, Any]:
        """The worker's question, and the answer."""
        body = {"redirect_uri": CALLBACK, "state": "state-1", "nonce": "nonce-1", "challenge": challenge_of(VERIFIER)}
        told: dict[str, Any] = self.run(self.party.begin({**body, **wish}))
        return told

    def complete(self, code: str, **arrival: Any) -> dict[str, Any]:
        """The worker's question, and the answer."""
        body = {"redirect_uri": CALLBACK, "code": code, "iss": self.provider.name, "verifier": VERIFIER}
        told: dict[str, Any] = self.run(self.party.complete({**body, "nonce": "nonce-1", **arrival}))
        return told

    def log_in(self) -> dict[str, Any]:
        """The session of one who has logged in."""
        told = self.complete(self.provider.authorize(self.begin()["location"]))
        session: dict[str, Any] = told["session"]
        return session

    def refresh(self, session: Mapping[str, Any]) -> dict[str, Any]:
        """The worker's question, and the answer."""
        told: dict[str, Any] = self.run(self.party.refresh({"session": session}))
        return told

    def pass_time(self, seconds: float) -> None:
        """All clocks go on."""
        self.now += seconds
        self.monotonic += seconds
        self.provider.now += int(seconds)

    def _documents(self) -> dict[str, Any]:
        return {key_set_name("sso", self.settings.jwks_location): self.known_keys} if self.known_keys else {}

    async def _refresh_keys(self, _name: str) -> None:
        self.refreshed_keys += 1
        self.known_keys = self.provider.published

    async def _claim(self, body: Mapping[str, Any]) -> bool:
        key = (body["provider"], body["jti"])
        is_first = key not in self.claimed
        self.claimed.add(key)
        return is_first

    async def _resolve(self, host: str, _port: int) -> Sequence[str]:
        return self.addresses.get(host, [PUBLIC])


@contextmanager
def logging_in(provider: FakeProvider | None = None, **settings: Any) -> Iterator[LoggingIn]:
    """For the length of a block. settings: of the entry, besides issuer and client."""
    with asyncio.Runner() as runner:
        made = LoggingIn(provider or FakeProvider(), runner, **settings)
        try:
            yield made
        finally:
            made.run(made.parties.close())


def queried(location: str) -> dict[str, str]:
    """The parameters of an address; none of them is there twice."""
    found = parse_qs(urlsplit(location).query, strict_parsing=True, keep_blank_values=True)
    assert all(len(values) == 1 for values in found.values())
    return {name: values[0] for name, values in found.items()}


def form_of(request: httpx.Request) -> dict[str, str]:
    """What was posted."""
    return {name: values[0] for name, values in parse_qs(request.content.decode()).items()}


def challenge_of(verifier: str) -> str:
    """S256 of RFC 7636."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def refusal(error: str, status: int = 400) -> httpx.Response:
    """An error of RFC 6749 §5.2."""
    return httpx.Response(status, json={"error": error, "error_description": "never quoted"})


def says(document: object, status: int = 200) -> Reply:
    """Always this."""
    return lambda _: httpx.Response(status, content=json.dumps(document), headers={"content-type": "application/json"})


def _is_client(request: httpx.Request) -> bool:
    expected = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
    return bool(request.headers.get("authorization") == f"Basic {expected}")
