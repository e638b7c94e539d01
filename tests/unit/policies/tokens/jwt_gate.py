"""A jwt entry, compiled, with its key sets and clock, and tokens for it."""

from collections.abc import Awaitable
from typing import Any

from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.http.response import Response
from hotgate.identity.confirmation import unconfirmed
from hotgate.identity.principal import Principal
from hotgate.identity.verification_keys.key_sets import KeySets, key_set_name
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.route import Route
from hotgate.policies.tokens.jwt import MECHANISM, JwtAuthenticator
from hotgate.policies.tokens.jwt_settings import JwtSettings
from hotgate.testing.issuer import Issuer

URL = "https://idp.test/jwks"


NOW = 1_800_000_000.0


ISSUER = Issuer()


NEXT = Issuer(kid="k2")


SETTINGS: dict[str, Any] = {"issuer": ISSUER.name, "audience": "api", "jwks_url": URL}


SET = key_set_name("corp", URL)


class Clock:
    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Gate:
    """An authenticator with its key sets and clock."""

    def __init__(self, *issuers: Issuer, services: dict[str, Any] | None = None, **settings: Any) -> None:
        self.clock = Clock()
        self.key_sets = KeySets(self.clock)
        if issuers:
            self.publish(*issuers)
        services = {"key_sets": self.key_sets, "wall_clock": self.clock, **(services or {})}
        compiled = MECHANISM.compile("corp", JwtSettings.model_validate({**SETTINGS, **settings}), services)
        assert isinstance(compiled, JwtAuthenticator)
        self.authenticator = compiled

    def publish(self, *issuers: Issuer) -> None:
        self.key_sets.replace(SET, {"keys": [issuer.jwk() for issuer in issuers]})

    def ask(self, *authorizations: bytes) -> Any:
        fields = [(b"host", b"x"), *((b"authorization", value) for value in authorizations)]
        request = Request("GET", "/", Headers(fields))
        exchange = Exchange(request, Route("r"), params={}, client="192.0.2.1", request_id="1", started=0.0)
        return confirmed(self.authenticator.authenticate(exchange), exchange)

    def answer(self, *authorizations: bytes) -> Response:
        found = self.ask(*authorizations)
        assert isinstance(found, Response)
        return found


def bearer(issuer: Issuer = ISSUER, **changes: Any) -> bytes:
    claims = {"iss": issuer.name, "aud": "api", "sub": "ada", "exp": NOW + 60, **changes}
    return b"Bearer " + issuer.token(claims)


def confirmed(found: Any, exchange: Exchange) -> Any:
    """What is found, or what comes of what it demands."""
    if isinstance(found, Principal) and found.confirmations:
        refusal = unconfirmed(found.confirmations, exchange)
        return confirmed_later(found, refusal) if isinstance(refusal, Awaitable) else refusal or found
    return confirmed_once_found(found, exchange) if isinstance(found, Awaitable) else found


async def confirmed_later(found: Principal, pending: Awaitable[Any]) -> Any:
    return await pending or found


async def confirmed_once_found(pending: Awaitable[Any], exchange: Exchange) -> Any:
    outcome = confirmed(await pending, exchange)
    return await outcome if isinstance(outcome, Awaitable) else outcome


async def awaited(pending: Awaitable[Any]) -> Any:
    return await pending


SECRET = "correct horse battery staple and then some more words, so that it is long"
