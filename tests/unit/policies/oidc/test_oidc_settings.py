"""What an oidc entry may say, and what would undo its protection."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hotgate.config.errors import ConfigurationErrors
from hotgate.config.loader import load
from hotgate.config.models import gateway_model
from hotgate.policies.oidc.oidc_settings import RESERVED_PARAMETERS, OidcSettings

ISSUER = "https://idp.test"
CLIENT = {"id": "gateway", "secret": "s3cret"}
ENDPOINTS = {"authorization": f"{ISSUER}/authorize", "token": f"{ISSUER}/token"}


@dataclass(frozen=True)
class Mechanism:
    name: str = "oidc"
    model: Any = OidcSettings


def settings(**entry: Any) -> OidcSettings:
    return OidcSettings.model_validate({"issuer": ISSUER, "client": CLIENT, **entry})


def refusal(**entry: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        settings(**entry)
    return str(caught.value)


def dangers(**entry: Any) -> list[str]:
    return [key for key, _, _ in settings(**entry).dangers()]


def test_issuer_and_client_are_enough() -> None:
    entry = settings()

    assert (entry.base_path("sso"), entry.shown_title("sso")) == ("/.hotgate/sso", "sso")
    assert entry.jwks_location == f"discover:{ISSUER}"
    assert entry.needs_metadata
    assert dangers() == []


def test_what_is_said_counts() -> None:
    entry = settings(path="/login/corp", title="Company account", endpoints=ENDPOINTS, jwks_url=f"{ISSUER}/jwks")

    assert (entry.base_path("sso"), entry.shown_title("sso")) == ("/login/corp", "Company account")
    assert entry.jwks_location == f"{ISSUER}/jwks"
    assert not entry.needs_metadata


@pytest.mark.parametrize(
    "place", ["/", "/bye", "/bye?from=app&x=%2F", "/a/b/", "https://www.test/bye", "http://localhost:8080/"]
)
def test_a_logout_leads_to_a_path_or_an_address(place: str) -> None:
    assert settings(after_logout=place).after_logout == place


@pytest.mark.parametrize(
    "place",
    [
        "",
        "bye",
        "//evil.test",
        "/\\evil.test",
        "/\t/evil.test",
        "\n/",
        "/a\\b",
        "http://evil.test",
        "javascript:x",
        "/ä",
        7,
    ],
)
def test_and_nowhere_else(place: object) -> None:
    assert "after_logout" in refusal(after_logout=place)


@pytest.mark.parametrize("path", ["", "/", "login", "/login/", "//login", "/a/../b", "/.", "/a b", "/a?b", "/a%2Fb"])
def test_the_base_of_its_paths_is_one_plain_path(path: str) -> None:
    assert "path" in refusal(path=path)


@pytest.mark.parametrize("name", sorted(RESERVED_PARAMETERS))
def test_no_parameter_of_the_login_itself_can_be_fixed(name: str) -> None:
    assert "not for you to fix" in refusal(parameters={name: "x"})


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"issuer": "http://idp.test"}, "https"),
        ({"issuer": f"{ISSUER}?a=b"}, "no query"),
        ({"issuer": f"{ISSUER}/.well-known/openid-configuration"}, "leave out /.well-known/"),
        ({"algorithms": ["HS256"]}, "algorithms"),
        ({"algorithms": ["none"]}, "algorithms"),
        ({"algorithms": []}, "algorithms"),
        ({"jwks_url": f"{ISSUER}/jwks", "jwks_file": "keys.json"}, "only one"),
        ({"endpoints": {"token": f"{ISSUER}/token"}}, "come together"),
        ({"endpoints": {"userinfo": "http://idp.test/userinfo"}}, "https"),
        ({"endpoints": ENDPOINTS, "pushed": "required"}, "pushed: name the address"),
        ({"endpoints": ENDPOINTS, "userinfo": True}, "userinfo: name the address"),
        ({"session": {"idle": "2h", "absolute": "1h"}}, "longer than"),
        ({"session": {"same_site": "none"}}, "same_site"),
        ({"prompt": ["none"]}, "prompt"),
        ({"scopes": ["a b"]}, "without spaces"),
        ({"acr_values": ["a b"]}, "without spaces"),
        ({"audience": "api"}, "audience"),
        ({"claims": {"audience_claim": "aud"}}, "audience_claim"),
    ],
)
def test_what_cannot_be_is_refused(entry: dict[str, Any], says: str) -> None:
    assert says in refusal(**entry)


def test_no_error_shows_a_secret() -> None:
    assert "hunter2" not in refusal(client={"id": "gateway", "secret": "hunter2", "key_id": "k"})


def test_sessions_that_have_ended_need_a_place_to_be_remembered_in(tmp_path: Path) -> None:
    file = tmp_path / "hotgate.yaml"
    text = """\
listeners: [{name: web, bind: "127.0.0.1:0"}]
identity: {sso: {oidc: {issuer: "https://idp.test", client: {id: gateway, secret: s3cret}}}}
"""
    model = gateway_model((), (Mechanism(),))
    file.write_text(text)
    with pytest.raises(ConfigurationErrors, match=r":2:24: identity.sso.oidc: .*there is none"):
        load(file, model, {})

    file.write_text(f"{text}store: {{}}\n")
    assert load(file, model, {}).config.identity["sso"].mechanism == "oidc"


def test_weak_choices_are_named() -> None:
    assert dangers(client={"id": "gateway", "authentication": "none"}) == ["client"]
    assert dangers(session={"absolute": "30d"}) == ["session"]
    assert dangers(pushed="off") == ["pushed"]
