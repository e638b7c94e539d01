"""ID tokens: of whom, for whom, how they are signed, when they were made, and which access token they came with."""

import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest

from hotgate.identity import base64url
from hotgate.testing.issuer import Issuer
from unit.control.openid.fake_provider import CLIENT, NOW, SECRET, FakeProvider, LoggingIn, logging_in


def outcome(provider: FakeProvider, caplog: pytest.LogCaptureFixture, **settings: Any) -> str:
    """ "" for a login, or why there is none."""
    with logging_in(provider, **settings) as gateway:
        return refusal_of(gateway, caplog)


def refusal_of(gateway: LoggingIn, caplog: pytest.LogCaptureFixture, **asked: Any) -> str:
    told = gateway.complete(gateway.provider.authorize(gateway.begin(**asked)["location"]), **asked)
    return "" if "session" in told else str(caplog.records[-1].__dict__["facts"]["reason"])


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({}, ""),
        ({"iss": "https://evil.test"}, "another issuer"),
        ({"iss": "https://idp.test/"}, "another issuer"),
        ({"iss": None}, "another issuer"),
        ({"iss": ["https://idp.test"]}, "iss is not"),
        ({"aud": "other"}, "another audience"),
        ({"aud": None}, "another audience"),
        ({"aud": []}, "another audience"),
        ({"aud": [CLIENT]}, ""),
        ({"aud": [CLIENT, "other"]}, "azp"),
        ({"aud": [CLIENT, "other"], "azp": "other"}, "azp"),
        ({"aud": [CLIENT, "other"], "azp": CLIENT}, ""),
        ({"azp": "other"}, "azp"),
        ({"azp": CLIENT}, ""),
        ({"sub": None}, "no sub"),
        ({"sub": ""}, "no sub"),
        ({"sub": 7}, "no sub"),
        ({"sub": "x" * 256}, "no sub"),
        ({"sid": ["s"]}, "sid is not a string"),
        ({"sid": "x" * 513}, "sid is not a string"),
        ({"exp": NOW - 31}, "ended"),
        ({"exp": NOW - 29}, ""),
        ({"exp": None}, "no exp"),
        ({"exp": "never"}, "exp is not a time"),
        ({"exp": True}, "exp is not a time"),
        ({"iat": None}, "no iat"),
        ({"iat": NOW + 31}, "issued in"),
        ({"iat": NOW - 631}, "ended"),
        ({"nbf": NOW + 31}, "valid in"),
        ({"nonce": None}, "nonce"),
        ({"nonce": "nonce-2"}, "nonce"),
        ({"nonce": ["nonce-1"]}, "nonce"),
        ({"auth_time": NOW + 31}, "future"),
        ({"auth_time": "today"}, "auth_time is not a time"),
        ({"at_hash": None}, ""),
        ({"at_hash": "x" * 22}, "at_hash"),
        ({"at_hash": 7}, "at_hash"),
        ({"events": {}}, "event"),
    ],
)
def test_each_claim_is_judged(claims: dict[str, Any], why: str, caplog: pytest.LogCaptureFixture) -> None:
    provider = FakeProvider()
    provider.claims.update(claims)
    found = outcome(provider, caplog)

    assert why in found
    assert bool(why) == bool(found)


@pytest.mark.parametrize("kind", ["at+jwt", "application/at+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt"])
def test_a_token_for_another_purpose_is_none(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    provider = FakeProvider()
    provider.header["typ"] = kind

    assert "another purpose" in outcome(provider, caplog)


def unsigned(provider: FakeProvider, _: dict[str, Any]) -> Callable[[str, str | None], str]:
    def made(access: str, nonce: str | None) -> str:
        _header, payload, _signature = FakeProvider.id_token(provider, access, nonce).split(".")
        header = base64url.encode(b'{"alg":"none"}').decode()
        return f"{header}.{payload}."

    return made


def by_secret(provider: FakeProvider, header: dict[str, Any], secret: bytes) -> Callable[[str, str | None], str]:
    def made(access: str, nonce: str | None) -> str:
        payload = FakeProvider.id_token(provider, access, nonce).split(".")[1]
        signing_input = f"{base64url.encode(json.dumps(header).encode()).decode()}.{payload}"
        signature = hmac.digest(secret, signing_input.encode(), "sha256")
        return f"{signing_input}.{base64url.encode(signature).decode()}"

    return made


def by_public_key(provider: FakeProvider, jwk: dict[str, Any]) -> Callable[[str, str | None], str]:
    """Signed with what everybody knows, as if it were a secret."""
    return by_secret(provider, {"alg": "HS256", "kid": jwk["kid"]}, provider.issuer.key.as_pem(private=False))


def by_client_secret(provider: FakeProvider, _: dict[str, Any]) -> Callable[[str, str | None], str]:
    """As OpenID Connect allows it; whoever knows the secret could make ID tokens."""
    return by_secret(provider, {"alg": "HS256"}, SECRET.encode())


def by_key_of_its_own(provider: FakeProvider, _: dict[str, Any]) -> Callable[[str, str | None], str]:
    other = Issuer(provider.name)

    def made(access: str, nonce: str | None) -> str:
        provider.issuer, own = other, provider.issuer
        provider.header["jwk"] = other.jwk()
        token = FakeProvider.id_token(provider, access, nonce)
        provider.issuer = own
        return token

    return made


@pytest.mark.parametrize("forgery", [unsigned, by_public_key, by_client_secret, by_key_of_its_own])
def test_a_forged_one_is_not_believed(
    forgery: Callable[[FakeProvider, dict[str, Any]], Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    provider = FakeProvider()
    monkeypatch.setattr(provider, "id_token", forgery(provider, provider.issuer.jwk()))

    assert "refused" in outcome(provider, caplog)


def test_an_algorithm_that_is_not_configured_is_not_accepted(caplog: pytest.LogCaptureFixture) -> None:
    provider = FakeProvider()

    assert "alg" in outcome(provider, caplog, algorithms=["RS256"])


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c.d.e", "ä.b.c", "." * 3])
def test_what_is_no_token_is_refused(token: str, caplog: pytest.LogCaptureFixture) -> None:
    provider = FakeProvider()
    provider.answer["id_token"] = token

    assert outcome(provider, caplog)


def test_an_id_token_of_any_size_is_not_parsed(caplog: pytest.LogCaptureFixture) -> None:
    provider = FakeProvider()
    provider.claims["more"] = "x" * 33_000

    assert "bytes" in outcome(provider, caplog)


@pytest.mark.parametrize(
    ("auth_time", "max_age", "is_good"),
    [(NOW - 90, 60, True), (NOW - 91, 60, False), (None, 60, False), (NOW, 0, True)],
)
def test_the_user_has_proved_who_they_are_within_max_age(
    auth_time: int | None, max_age: int, is_good: bool, caplog: pytest.LogCaptureFixture
) -> None:
    provider = FakeProvider()
    provider.claims["auth_time"] = auth_time
    with logging_in(provider, max_age="1d") as gateway:
        assert bool(refusal_of(gateway, caplog, max_age=max_age)) != is_good


def test_the_settings_demand_max_age_too(caplog: pytest.LogCaptureFixture) -> None:
    provider = FakeProvider()
    provider.claims["auth_time"] = NOW - 3631

    assert "max_age" in outcome(provider, caplog, max_age="1h")


@pytest.mark.parametrize(
    ("acr", "asked", "is_good"),
    [
        ("mfa", "mfa", True),
        ("mfa", "hwk mfa", True),
        ("pwd", "mfa", False),
        (None, "mfa", False),
        (["mfa"], "mfa", False),
    ],
)
def test_a_weaker_login_than_was_asked_for_is_refused(
    acr: object, asked: str, is_good: bool, caplog: pytest.LogCaptureFixture
) -> None:
    provider = FakeProvider()
    provider.claims["acr"] = acr
    with logging_in(provider) as gateway:
        assert bool(refusal_of(gateway, caplog, acr_values=asked)) != is_good


def test_the_settings_demand_an_acr_too(caplog: pytest.LogCaptureFixture) -> None:
    provider = FakeProvider()
    provider.claims["acr"] = "pwd"

    assert "acr" in outcome(provider, caplog, acr_values=["mfa"])
