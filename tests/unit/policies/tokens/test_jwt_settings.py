"""What may be configured of a jwt entry, and what is warned of."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from encrypted_tokens import P256, RSA, private_text
from hotgate.config.dangers import HasDangers
from hotgate.policies.tokens.jwt_settings import JwtSettings
from hotgate.runtime.compiling.load import load_configuration
from unit.policies.tokens.jwt_gate import SECRET, SETTINGS, URL


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


@pytest.mark.parametrize(("top", "warns"), [("", True), ("store: {}", False)])
def test_single_use_without_a_store_is_a_warning(tmp_path: Path, top: str, warns: bool) -> None:
    file = tmp_path / "hotgate.yaml"
    file.write_text(f"""
listeners: [{{name: web, bind: "127.0.0.1:0"}}]
identity: {{corp: {{jwt: {{issuer: "https://idp.test", audience: api, single_use: true}}}}}}
routes: [{{name: all, match: {{path: "/*"}}, authenticate: [corp], respond: {{body: hello}}}}]
{top}
""")
    warnings = [str(each) for each in load_configuration(file).warnings]
    assert [":3:" in each and "a restart forgets" in each for each in warnings] == [True] * warns


@pytest.mark.parametrize(
    "changes",
    [
        {"secret": SECRET},  # and keys
        {"jwks_url": None, "secret": "x" * 31},
        {"jwks_url": None, "secret": "x" * 47, "algorithms": ["HS384"]},
        {"jwks_url": None, "secret": "x" * 63, "algorithms": ["HS256", "HS512"]},
        {"jwks_url": None, "secret": SECRET, "algorithms": ["RS256"]},
        {"jwks_url": None, "secret": SECRET, "algorithms": ["HS256", "RS256"]},
        {"jwks_url": None, "secret": '{"kty":"oct","k":"aHVudGVyMg"}'},
        {"jwks_url": None, "secret": '{"kty":"RSA","n":"hunter2","e":"AQAB"}'},
        {"jwks_url": None, "secret": "-----BEGIN PUBLIC KEY-----\nhunter2hunter2hunter2\n-----END PUBLIC KEY-----"},
        {"decryption_secret": "hunter2"},
        {"decryption_secret": "x" * 32, "decryption_keys": [{"key": private_text(RSA)}]},
        {"decryption_keys": [{"key": "hunter2"}]},
        {"decryption_keys": [{"key": private_text(RSA)}, {"key": private_text(P256), "kid": "a"}]},
        {"decryption_keys": [{"key": private_text(RSA), "kid": "a"}, {"key": private_text(P256), "kid": "a"}]},
        {"encryption": "required"},
        {"decryption_algorithms": ["dir"]},
        {"decryption_secret": "x" * 32, "decryption_algorithms": ["RSA1_5"]},
        {"decryption_secret": "x" * 32, "content_encryption": ["A192GCM"]},
        {"profile": "rfc9067"},
        {"clients": []},
        {"max_age": 5},
        {"single_use": "perhaps"},
    ],
)
def test_settings_that_cannot_be_meant_are_refused_and_not_shown(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        JwtSettings.model_validate({**SETTINGS, **changes})
    assert "hunter2" not in str(caught.value)
    assert "horse" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ({}, []),
        ({"jwks_url": None, "secret": SECRET}, ["secret"]),
        ({"token": {"query": "access_token"}}, ["token"]),
        ({"token": {"cookie": "session"}}, []),
        ({"leeway": "2m"}, []),
        ({"leeway": "3m"}, ["leeway"]),
    ],
)
def test_weak_choices_are_known(changes: dict[str, Any], keys: list[str]) -> None:
    settings = JwtSettings.model_validate({**SETTINGS, **changes})
    assert isinstance(settings, HasDangers)
    assert [key for key, _, _ in settings.dangers()] == keys
