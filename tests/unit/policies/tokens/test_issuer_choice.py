"""Several entries for tokens on one route: which of them a token is given to, and that this decides nothing else."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from encrypted_tokens import RSA, encrypted, private_text, with_header
from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.http.response import Response
from hotgate.identity.principal import Principal
from hotgate.identity.verification_keys.key_sets import KeySets, key_set_name
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import CompileContext
from hotgate.pipeline.route import Route
from hotgate.policies.authenticate import POLICY
from hotgate.policies.introspection import MECHANISM as INTROSPECTION
from hotgate.policies.introspection.settings import IntrospectionSettings
from hotgate.policies.tokens.jwt import MECHANISM
from hotgate.policies.tokens.jwt_settings import JwtSettings
from hotgate.testing.issuer import Issuer

NOW = 1_800_000_000.0
IDP, OTHER = Issuer("https://idp.test"), Issuer("https://other.test")


class Door:
    """A route with entries of these settings, in this order."""

    def __init__(self, **entries: dict[str, Any]) -> None:
        key_sets = KeySets(lambda: NOW)
        services = {"key_sets": key_sets, "wall_clock": lambda: NOW}
        known = {}
        for name, changes in entries.items():
            issuer = changes.pop("by", IDP)
            url = f"{issuer.name}/jwks"
            settings = {"issuer": issuer.name, "audience": "api", "jwks_url": url, **changes}
            known[name] = MECHANISM.compile(name, JwtSettings.model_validate(settings), services)
            key_sets.replace(key_set_name(name, url), issuer.jwks())
        self._step = POLICY.compile(list(entries), CompileContext("r", known))[0]

    def answer(self, *fields: tuple[bytes, bytes], query: bytes = b"") -> str:
        """The provider that has decided, or the code of the refusal."""
        request = Request("GET", "/", Headers([(b"host", b"x"), *fields]), query=query)
        exchange = Exchange(request, Route("r"), params={}, client="192.0.2.1", request_id="1", started=0.0)
        outcome = self._step.run(exchange)
        if isinstance(outcome, Awaitable):
            outcome = asyncio.run(_awaited(outcome))
        if isinstance(outcome, Response):
            return outcome.code
        assert isinstance(exchange.principal, Principal)
        return exchange.principal.provider


async def _awaited(pending: Awaitable[Any]) -> Any:
    return await pending


def token(issuer: Issuer = IDP, **changes: Any) -> bytes:
    return issuer.token({"iss": issuer.name, "aud": "api", "sub": "ada", "exp": NOW + 60, **changes})


def bearer(value: bytes) -> tuple[bytes, bytes]:
    return b"authorization", b"Bearer " + value


def test_entries_of_one_issuer_are_told_apart_by_their_audience() -> None:
    door = Door(shop={"audience": "shop"}, bank={"audience": "bank"})
    for audience in ("shop", "bank"):
        credential = bearer(token(aud=audience))
        assert door.answer(credential) == door.answer(credential) == audience
    assert door.answer(bearer(token(aud=["bank", "x"]))) == "bank"
    assert door.answer(bearer(token(aud=["bank", "shop"]))) == "shop"  # the first that is named
    assert door.answer(bearer(token(aud="other"))) == "token-audience-mismatch"


def test_entries_of_one_issuer_are_told_apart_by_their_clients() -> None:
    door = Door(web={"clients": ["web"]}, app={"clients": ["app"]})
    assert door.answer(bearer(token(client_id="web"))) == "web"
    assert door.answer(bearer(token(azp="app"))) == "app"
    assert door.answer(bearer(token(azp="other"))) == "token-client-unknown"


def test_what_a_token_says_of_itself_gives_it_no_rights() -> None:
    door = Door(shop={"audience": "shop"}, bank={"by": OTHER, "audience": "bank"})
    assert door.answer(bearer(token(OTHER, iss=IDP.name, aud="shop"))) == "token-signature-invalid"
    assert door.answer(bearer(token(IDP, iss=OTHER.name, aud="bank"))) == "token-signature-invalid"
    assert door.answer(bearer(token(IDP, aud="bank"))) == "token-audience-mismatch"


def test_rules_of_the_chosen_entry_hold() -> None:
    door = Door(strict={"audience": "shop", "max_age": "1m"}, loose={"audience": "bank"})
    assert door.answer(bearer(token(aud="shop", iat=NOW - 200))) == "token-expired"
    assert door.answer(bearer(token(aud="bank", iat=NOW - 200))) == "loose"


def test_an_encrypted_token_goes_to_the_issuer_in_its_header() -> None:
    keys = {"decryption_keys": [{"key": private_text(RSA)}]}
    door = Door(idp=dict(keys), other={"by": OTHER, **keys})
    inner = token(OTHER)
    assert door.answer(bearer(encrypted(inner, RSA, iss=OTHER.name))) == "other"
    assert door.answer(bearer(encrypted(inner, RSA, iss=IDP.name))) == "token-signature-invalid"
    assert door.answer(bearer(encrypted(inner, RSA, iss="https://evil.test"))) == "token-issuer-unknown"
    assert door.answer(bearer(with_header(encrypted(inner, RSA), iss=5))) == "token-malformed"


def test_an_encrypted_token_without_an_issuer_goes_to_the_entry_that_can_open_it() -> None:
    door = Door(signed={}, sealed={"by": OTHER, "decryption_keys": [{"key": private_text(RSA)}]})
    assert door.answer(bearer(encrypted(token(OTHER), RSA))) == "sealed"
    assert door.answer(bearer(token())) == "signed"
    assert Door(signed={}, other={"by": OTHER}).answer(bearer(encrypted(token(), RSA))) == "token-issuer-unknown"


def test_entries_with_places_of_their_own_are_asked_one_after_the_other() -> None:
    door = Door(header={"by": OTHER}, cookie={"token": {"bearer": False, "cookie": "t"}})
    assert door.answer((b"cookie", b"t=" + token())) == "cookie"
    assert door.answer(bearer(token(OTHER))) == "header"
    assert door.answer(bearer(token())) == door.answer((b"cookie", b"t=" + token(OTHER))) == "token-signature-invalid"


def test_several_entries_share_places_other_than_a_field() -> None:
    places = {"token": {"bearer": False, "query": "t"}}
    door = Door(idp=dict(places), other={"by": OTHER, **places})
    assert door.answer(query=b"t=" + token(OTHER)) == "other"
    assert door.answer(query=b"t=" + token()) == "idp"
    assert door.answer(query=b"t=x") == "token-malformed"
    assert door.answer(bearer(token())) == "token-missing"


class MixedDoor:
    """A route for tokens of IDP and, by introspection, for all others. asked: tokens that were introspected."""

    def __init__(self, *names: str) -> None:
        self.asked: list[str] = []
        key_sets = KeySets(lambda: NOW)
        services = {"key_sets": key_sets, "wall_clock": lambda: NOW, "ask": self._ask}
        url = f"{IDP.name}/jwks"
        jwt = JwtSettings.model_validate({"issuer": IDP.name, "audience": "api", "jwks_url": url})
        client = {"id": "gateway", "secret": "s"}
        opaque = IntrospectionSettings.model_validate({"issuer": OTHER.name, "audience": "any", "client": client})
        key_sets.replace(key_set_name("corp", url), IDP.jwks())
        known = {
            "corp": MECHANISM.compile("corp", jwt, services),
            "opaque": INTROSPECTION.compile("opaque", opaque, services),
            "second": INTROSPECTION.compile("second", opaque, services),
        }
        self._step = POLICY.compile(names, CompileContext("r", known))[0]

    async def _ask(self, about: str, body: Any, wait: float) -> Any:
        self.asked.append(body["token"])
        return {"active": True, "claims": '{"sub": "bob"}', "keep": 60.0, "jwt": ""}

    def answer(self, credential: bytes) -> str:
        request = Request("GET", "/", Headers([(b"authorization", b"Bearer " + credential)]))
        exchange = Exchange(request, Route("r"), params={}, client="192.0.2.1", request_id="1", started=0.0)
        outcome = self._step.run(exchange)
        if isinstance(outcome, Awaitable):
            outcome = asyncio.run(_awaited(outcome))
        if isinstance(outcome, Response):
            return outcome.code
        assert exchange.principal is not None
        return exchange.principal.provider


@pytest.mark.parametrize("names", [("corp", "opaque"), ("opaque", "corp")])
@pytest.mark.parametrize(
    ("credential", "provider"),
    [
        (token(), "corp"),
        (token(OTHER), "opaque"),
        (b"opaque-token", "opaque"),
        (b"a.b.c", "opaque"),
        (IDP.token({"sub": "ada"}), "opaque"),
    ],
)
def test_what_names_no_issuer_of_a_jwt_entry_is_introspected(
    names: tuple[str, str], credential: bytes, provider: str
) -> None:
    door = MixedDoor(*names)
    assert [door.answer(credential), door.answer(credential)] == [provider, provider]
    assert len(door.asked) == (provider == "opaque")


def test_a_bad_token_of_a_known_issuer_is_shown_to_nobody() -> None:
    door = MixedDoor("corp", "opaque")
    assert door.answer(token(exp=NOW - 60)) == "token-expired"
    assert door.answer(token()[:-4] + b"AAAA") == "token-signature-invalid"
    assert door.asked == []


@pytest.mark.parametrize("header", [{"typ": "logout+jwt"}, {"crit": ["b64"]}, {"kid": 1}, {"alg": None}])
def test_nor_is_one_with_a_header_that_nobody_accepts(header: dict[str, Any]) -> None:
    """It would get a second chance, and a stranger would get to know it."""
    door = MixedDoor("corp", "opaque")
    assert door.answer(IDP.token({"iss": IDP.name, "sub": "ada"}, header)) == "token-malformed"
    assert door.asked == []


def test_two_servers_are_not_asked_about_one_token() -> None:
    with pytest.raises(ValueError, match="opaque and second cannot be told"):
        MixedDoor("opaque", "second")
