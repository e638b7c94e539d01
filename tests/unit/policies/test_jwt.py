"""The jwt entry of `identity:`: its settings, its answers, its cache and how it waits for fresher keys."""

import asyncio
import json
from collections.abc import Awaitable
from typing import Any

import pytest
from pydantic import ValidationError

from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.http.response import Response
from hotgate.identity.key_sets import REFRESH_INTERVAL, KeySets, key_set_name
from hotgate.identity.principal import Principal
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.route import Route
from hotgate.policies.jwt import MECHANISM, JwtAuthenticator, JwtSettings
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

    def __init__(self, *issuers: Issuer, **settings: Any) -> None:
        self.clock = Clock()
        self.key_sets = KeySets(self.clock)
        if issuers:
            self.publish(*issuers)
        services = {"key_sets": self.key_sets, "wall_clock": self.clock}
        compiled = MECHANISM.compile("corp", JwtSettings.model_validate({**SETTINGS, **settings}), services)
        assert isinstance(compiled, JwtAuthenticator)
        self.authenticator = compiled

    def publish(self, *issuers: Issuer) -> None:
        self.key_sets.replace(SET, {"keys": [issuer.jwk() for issuer in issuers]})

    def ask(self, *authorizations: bytes) -> Any:
        fields = [(b"host", b"x"), *((b"authorization", value) for value in authorizations)]
        request = Request("GET", "/", Headers(fields))
        exchange = Exchange(request, Route("r"), params={}, client="192.0.2.1", request_id="1", started=0.0)
        return self.authenticator.authenticate(exchange)

    def answer(self, *authorizations: bytes) -> Response:
        found = self.ask(*authorizations)
        assert isinstance(found, Response)
        return found


def bearer(issuer: Issuer = ISSUER, **changes: Any) -> bytes:
    claims = {"iss": issuer.name, "aud": "api", "sub": "ada", "exp": NOW + 60, **changes}
    return b"Bearer " + issuer.token(claims)


async def awaited(pending: Awaitable[Any]) -> Any:
    return await pending


# --- settings


def test_the_defaults_are_strict() -> None:
    settings = JwtSettings.model_validate(SETTINGS)
    assert settings.algorithms == ("RS256", "ES256")
    assert settings.leeway == 30.0
    assert not settings.forward_token


@pytest.mark.parametrize(
    "changes",
    [
        {"algorithms": ["none"]},
        {"algorithms": ["None"]},
        {"algorithms": ["HS256"]},
        {"algorithms": ["RS256", "HS512"]},
        {"algorithms": ["ES256K"]},
        {"algorithms": []},
        {"jwks_url": None, "issuer": "idp"},
        {"jwks_url": None, "issuer": "http://idp.test"},
        {"jwks_url": None, "issuer": "https://idp.test?tenant=1"},
        {"jwks_url": None, "issuer": ["https://idp.test", "https://idp.example"]},
        {"discovery_url": "https://idp.test/metadata"},
        {"jwks_file": "keys.json"},
        {"jwks_url": "http://idp.test/jwks"},
        {"jwks_url": "http://127.0.0.1.idp.test/jwks"},
        {"jwks_url": "http://localhost.idp.test/jwks"},
        {"jwks_url": "http://localhost@idp.test/jwks"},
        {"jwks_url": "https://user:hunter2@idp.test/jwks"},
        {"jwks_url": "https://idp.test/jwks#x"},
        {"jwks_url": "https:///jwks"},
        {"jwks_url": "https://[::1/jwks"},
        {"jwks_url": "file:///etc/passwd"},
        {"jwks_url": "ftp://idp.test/jwks"},
        {"jwks_url": "https://idp.test/\njwks"},
        {"jwks_url": 5},
        {"issuer": ""},
        {"audience": ""},
        {"audience": []},
        {"leeway": "10m"},
        {"leeway": 30},
        {"realm": 'a" error="x'},
        {"realm": "a\r\nx: y"},
        {"unknown": 1},
    ],
)
def test_unsafe_settings_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        JwtSettings.model_validate({**SETTINGS, **changes})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000/jwks", "http://[::1]/jwks", "http://localhost:1/jwks", URL])
def test_plain_http_is_for_this_machine_only(url: str) -> None:
    assert JwtSettings.model_validate({**SETTINGS, "jwks_url": url}).jwks_location == url


def test_keys_may_come_from_a_file() -> None:
    settings = JwtSettings.model_validate({**SETTINGS, "jwks_url": None, "jwks_file": "keys.json"})
    assert settings.jwks_location == "keys.json"


def test_issuer_and_audience_are_required() -> None:
    for name in ("issuer", "audience"):
        with pytest.raises(ValidationError):
            JwtSettings.model_validate({key: value for key, value in SETTINGS.items() if key != name})


def test_the_schema_describes_every_key() -> None:
    properties = JwtSettings.model_json_schema()["properties"]
    assert all(value.get("description") for value in properties.values())


# --- answers


def test_a_good_token_is_recognised_and_remembered() -> None:
    gate = Gate(ISSUER)
    credential = bearer()
    principal = gate.ask(credential)
    assert isinstance(principal, Principal)
    assert principal.provider == "corp"
    assert gate.ask(credential) is principal


def test_a_remembered_token_expires() -> None:
    gate = Gate(ISSUER)
    credential = bearer()
    gate.ask(credential)
    gate.clock.now = NOW + 89.9
    assert isinstance(gate.ask(credential), Principal)
    gate.clock.now = NOW + 90.0
    assert gate.answer(credential).code == "token-expired"


def test_a_remembered_token_goes_with_its_key() -> None:
    gate = Gate(ISSUER)
    credential = bearer()
    gate.ask(credential)
    gate.publish(NEXT)
    gate.clock.now += 1
    found = gate.ask(credential)
    assert asyncio.run(awaited(found)).code == "key-unknown"


def test_a_refused_token_is_not_remembered() -> None:
    gate = Gate(ISSUER)
    credential = bearer(nbf=NOW + 100, exp=NOW + 200)
    assert gate.answer(credential).code == "token-not-yet-valid"
    gate.clock.now = NOW + 100
    assert isinstance(gate.ask(credential), Principal)


def test_without_a_bearer_token_somebody_else_is_asked() -> None:
    gate = Gate(ISSUER)
    assert gate.ask() is None
    assert gate.ask(b"Basic YTpi") is None
    assert gate.authenticator.challenge == 'Bearer realm="corp"'


def test_a_bad_token_is_answered_as_rfc_6750_says() -> None:
    response = Gate(ISSUER, realm="The API").answer(bearer(exp=NOW - 100))
    assert response.status == 401
    assert response.header("www-authenticate") == (
        'Bearer realm="The API", error="invalid_token", error_description="The token has expired"'
    )
    assert json.loads(response.body or b"")["code"] == "token-expired"


def test_an_answer_tells_neither_the_token_nor_the_exact_reason() -> None:
    credential = bearer(sub=5)
    response = Gate(ISSUER).answer(credential)
    shown = (response.body or b"") + repr(response.headers.fields).encode() + response.log_detail.encode()
    assert credential[7:] not in shown
    assert b"sub" not in (response.body or b"")


@pytest.mark.parametrize(
    "credentials", [(b"Bearer",), (b"Bearer a b",), (bearer(), bearer()), (bearer(), b"Basic YTpi")]
)
def test_more_or_less_than_one_token_is_malformed(credentials: tuple[bytes, ...]) -> None:
    assert Gate(ISSUER).answer(*credentials).code == "token-malformed"


def test_before_the_first_keys_the_gateway_is_at_fault() -> None:
    response = Gate().answer(bearer())
    assert (response.status, response.code) == (503, "key-set-unavailable")
    assert int(response.header("retry-after") or "") > 0
    assert response.header("www-authenticate") is None


# --- fresher keys


def test_an_unknown_kid_waits_for_fresher_keys_and_passes() -> None:
    gate = Gate(ISSUER)

    async def request_refresh(name: str) -> None:
        gate.publish(ISSUER, NEXT)

    gate.key_sets.request_refresh = request_refresh
    found = asyncio.run(awaited(gate.ask(bearer(NEXT))))
    assert isinstance(found, Principal)
    assert isinstance(gate.ask(bearer()), Principal)


def test_a_kid_that_stays_unknown_is_refused_and_the_next_at_once() -> None:
    gate = Gate(ISSUER)
    assert asyncio.run(awaited(gate.ask(bearer(NEXT)))).code == "key-unknown"
    assert gate.answer(bearer(Issuer(kid="k3"))).code == "key-unknown"
    gate.clock.now += REFRESH_INTERVAL
    assert asyncio.run(awaited(gate.ask(bearer(NEXT)))).code == "key-unknown"


def test_a_bad_signature_asks_nobody() -> None:
    assert Gate(ISSUER).answer(bearer(Issuer())).code == "token-signature-invalid"
