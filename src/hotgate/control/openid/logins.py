"""A login, from the request that a browser takes to the provider to the session that its answer becomes."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from hotgate.control.openid.authorization_request import AuthorizationRequests, Wish
from hotgate.control.openid.failures import LoginFailed
from hotgate.control.openid.id_token import Demands
from hotgate.control.openid.provider import Provider
from hotgate.control.openid.provider_metadata import Endpoints
from hotgate.control.openid.token_answer import TokenAnswer

Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a browser has brought back, and what the worker remembers of the login that it belongs to.

    iss: the parameter of RFC 9207, or None. acr_values, max_age: what was asked for; None for what the settings say.
    """

    redirect_uri: str
    code: str = field(repr=False)
    iss: str | None
    verifier: str = field(repr=False)
    nonce: str = field(repr=False)
    acr_values: str | None = None
    max_age: float | None = None

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> "Arrival":
        """The worker's question. Raises KeyError for one that makes no sense."""
        return cls(
            redirect_uri=body["redirect_uri"],
            code=body["code"],
            iss=body.get("iss"),
            verifier=body["verifier"],
            nonce=body["nonce"],
            acr_values=body.get("acr_values"),
            max_age=body.get("max_age"),
        )


class Logins:
    """At one provider. now: epoch seconds."""

    def __init__(self, provider: Provider, now: Callable[[], float] = time.time) -> None:
        self._provider = provider
        self._now = now
        self._requests = AuthorizationRequests(provider.settings, provider.calls)

    async def begin(self, wish: Wish) -> str:
        """Where to send the browser. Raises Failure."""
        return await self._requests.location(wish, await self._provider.metadata.endpoints())

    async def complete(self, arrival: Arrival) -> dict[str, Any]:
        """The session without what only the gateway knows of it (id, times). Raises Failure."""
        provider = self._provider
        endpoints = await provider.metadata.endpoints()
        self._check_sender(arrival.iss, endpoints)
        answer = await self._tokens(arrival, endpoints)
        if answer.id_token is None:
            raise LoginFailed("there is no ID token in the answer to the code")
        demands, now = self._demands(arrival), self._now()
        check = partial(provider.id_tokens.check_login, demands=demands, now=now)
        claims = await provider.verified(answer.id_token, answer.access, now, check)
        info = await self._userinfo(endpoints, answer.access, claims["sub"])
        scope = " ".join(("openid", *provider.settings.scopes)) if answer.scope is None else answer.scope
        kept = provider.kept.of(claims, {**({"scope": scope} if scope else {}), **info})
        return self._session(kept, answer)

    def _check_sender(self, iss: str | None, endpoints: Endpoints) -> None:
        """A code of another provider must not be taken to this one's token endpoint (mix-up, RFC 9207 §2.4)."""
        if iss is None and endpoints.names_itself:
            raise LoginFailed("the answer does not name its provider, which names itself always (iss)")
        if iss is not None and iss != self._provider.settings.issuer:
            raise LoginFailed("the answer is of another provider (iss)")

    async def _tokens(self, arrival: Arrival, endpoints: Endpoints) -> TokenAnswer:
        form = {
            "grant_type": "authorization_code",
            "code": arrival.code,
            "redirect_uri": arrival.redirect_uri,
            "code_verifier": arrival.verifier,
        }
        return TokenAnswer.read(await self._provider.calls.post(endpoints.token, form))

    async def _userinfo(self, endpoints: Endpoints, access_token: str, subject: str) -> Claims:
        if not self._provider.settings.userinfo:
            return {}
        return await self._provider.userinfo.claims(endpoints, access_token, subject)

    def _demands(self, arrival: Arrival) -> Demands:
        settings = self._provider.settings
        asked = settings.acr_values if arrival.acr_values is None else tuple(arrival.acr_values.split())
        return Demands(arrival.nonce, settings.max_age if arrival.max_age is None else arrival.max_age, asked)

    def _session(self, kept: Mapping[str, Any], answer: TokenAnswer) -> dict[str, Any]:
        return {
            "subject": kept["sub"],
            "sid": kept.get("sid"),
            "claims": kept,
            "acr": kept.get("acr"),
            "auth_time": kept.get("auth_time"),
            "tokens": {
                "access": answer.access,
                "access_expires": int(self._now()) + answer.lifetime,
                "refresh": answer.refresh,
                "id_token": answer.id_token,
            },
        }
