"""Presets: one line per provider becomes plain keys, what the entry says wins, and half a line is refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from hotgate.identity.tokens.claim_mapping import NamesFrom
from hotgate.policies.tokens.jwt_settings import JwtSettings

TENANT, OTHER = "72f988bf-86f1-41af-91ab-2d7cd011db47", "9999bbbb-2222-3333-4444-555555555555"
OKTA = {"provider": "okta", "domain": "acme.okta.com", "audience": "api://default"}
AUTH0 = {"provider": "auth0", "domain": "acme.eu.auth0.com", "audience": "https://api.acme.example"}
COGNITO = {"provider": "cognito", "user_pool": "eu-west-1_AbC123", "audience": "client"}
ENTRA = {"provider": "entra", "tenants": [TENANT], "audience": "api"}
GOOGLE = {"provider": "google", "hosted_domain": "acme.example", "audience": "client"}
KEYCLOAK = {"provider": "keycloak", "issuer": "https://sso.acme.example/realms/acme", "audience": ["orders", "my.api"]}
ALL = [OKTA, AUTH0, COGNITO, ENTRA, GOOGLE, KEYCLOAK]


def settings(entry: dict[str, Any], **changes: Any) -> JwtSettings:
    return JwtSettings.model_validate({**entry, **changes})


def refusal(entry: dict[str, Any], **changes: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        settings(entry, **changes)
    return str(caught.value.errors()[0]["msg"])


@pytest.mark.parametrize(
    ("entry", "issuer", "location"),
    [
        (OKTA, "https://acme.okta.com/oauth2/default", "discover:https://acme.okta.com/oauth2/default"),
        (
            {**OKTA, "authorization_server": "aus9"},
            "https://acme.okta.com/oauth2/aus9",
            "discover:https://acme.okta.com/oauth2/aus9",
        ),
        ({**OKTA, "authorization_server": "org"}, "https://acme.okta.com", "discover:https://acme.okta.com"),
        (AUTH0, "https://acme.eu.auth0.com/", "discover:https://acme.eu.auth0.com/"),
        (
            COGNITO,
            "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123",
            "discover:https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123",
        ),
        (
            {**COGNITO, "user_pool": "cn-north-1_AbC"},
            "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_AbC",
            "discover:https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_AbC",
        ),
        (
            ENTRA,
            f"https://login.microsoftonline.com/{TENANT}/v2.0",
            f"https://login.microsoftonline.com/{TENANT}/discovery/v2.0/keys",
        ),
        (
            {**ENTRA, "token_version": "1"},
            f"https://sts.windows.net/{TENANT}/",
            f"https://login.microsoftonline.com/{TENANT}/discovery/keys",
        ),
        (
            {**ENTRA, "tenants": [TENANT, OTHER]},
            f"https://login.microsoftonline.com/{OTHER}/v2.0",
            "https://login.microsoftonline.com/common/discovery/v2.0/keys",
        ),
        (GOOGLE, "accounts.google.com", "https://www.googleapis.com/oauth2/v3/certs"),
        (KEYCLOAK, KEYCLOAK["issuer"], f"discover:{KEYCLOAK['issuer']}"),
    ],
)
def test_a_preset_knows_the_issuer_and_its_keys(entry: dict[str, Any], issuer: str, location: str) -> None:
    made = settings(entry)
    assert issuer in made.accepted_issuers()
    assert made.jwks_location == location


def test_a_preset_of_entra_accepts_only_its_tenants() -> None:
    assert f"https://login.microsoftonline.com/{OTHER}/v2.0" not in settings(ENTRA).accepted_issuers()
    assert f"https://sts.windows.net/{TENANT}/" not in settings(ENTRA).accepted_issuers()
    assert f"https://login.microsoftonline.com/{OTHER}/v2.0" in settings(ENTRA, tenants="any").accepted_issuers()


@pytest.mark.parametrize(
    ("entry", "dangers"),
    [
        ({**ENTRA, "tenants": "any"}, ["tenants"]),
        ({**GOOGLE, "hosted_domain": "any"}, ["hosted_domain"]),
        ({**GOOGLE, "hosted_domain": "any", "claim_values": {"email": "ada@acme.example"}}, []),
        *((entry, []) for entry in ALL),
    ],
)
def test_letting_everybody_in_is_a_danger(entry: dict[str, Any], dangers: list[str]) -> None:
    assert [key for key, _, _ in settings(entry).dangers()] == dangers


def test_roles_of_keycloak_are_those_of_the_realm_and_of_the_api() -> None:
    mapping = settings(KEYCLOAK).mapping()
    paths = ("realm_access.roles", "resource_access.orders.roles", "resource_access.my.api.roles")
    assert mapping.roles == NamesFrom(paths)
    assert mapping.groups == NamesFrom(("groups",), "/")


def test_a_cognito_entry_is_for_one_kind_of_token() -> None:
    access, identity = settings(COGNITO), settings(COGNITO, token_use="id")
    assert (access.audience_claim, access.rules().allowed_values) == ("client_id", (("token_use", ("access",)),))
    assert (identity.audience_claim, identity.rules().allowed_values) == ("aud", (("token_use", ("id",)),))


def test_a_google_entry_is_for_its_domains() -> None:
    assert settings(GOOGLE).rules().allowed_values == (("hd", ("acme.example",)),)
    two = settings(GOOGLE, hosted_domain=["a.example", "b.example"])
    assert two.rules().allowed_values == (("hd", ("a.example", "b.example")),)
    assert settings(GOOGLE, hosted_domain="any").rules().allowed_values == ()


@pytest.mark.parametrize("entry", ALL, ids=lambda entry: entry["provider"])
def test_whatever_the_entry_says_wins(entry: dict[str, Any]) -> None:
    own: dict[str, Any] = {
        "subject": "email",
        "scopes": "s",
        "roles": {"from": ["r", "q"], "map": {"a": "b"}},
        "groups": "g",
        "tenant": "t",
        "client": "c",
        "audience_claim": "resource",
    }
    rules = settings(entry, **own).rules()
    mapping = rules.mapping
    assert (mapping.subject, mapping.tenant, mapping.client) == (("email",), ("t",), ("c",))
    assert mapping.roles == NamesFrom(("r", "q"), "", {"a": "b"})
    assert (mapping.scopes, mapping.groups) == (NamesFrom(("s",)), NamesFrom(("g",)))
    assert rules.audience_claim == "resource"


@pytest.mark.parametrize("entry", ALL, ids=lambda entry: entry["provider"])
def test_what_a_preset_demands_of_a_token_is_not_lost(entry: dict[str, Any]) -> None:
    preset = settings(entry).rules()
    rules = settings(entry, required_claims=["x"], claim_values={"y": ["a", "z"], "v": True}).rules()
    assert rules.required_claims == (*preset.required_claims, "x")
    assert rules.allowed_values == (*preset.allowed_values, ("y", ("a", "z")), ("v", (True,)))


def test_a_value_that_a_preset_demands_can_be_another() -> None:
    rules = settings(KEYCLOAK, claim_values={"typ": ["Bearer", "Service"]}).rules()
    assert rules.allowed_values == (("typ", ("Bearer", "Service")),)


@pytest.mark.parametrize("entry", ALL, ids=lambda entry: entry["provider"])
@pytest.mark.parametrize(
    ("own", "location"),
    [
        ({"jwks_file": "keys.json"}, "keys.json"),
        ({"jwks_url": "https://mirror.test/jwks"}, "https://mirror.test/jwks"),
    ],
)
def test_keys_may_come_from_elsewhere(entry: dict[str, Any], own: dict[str, Any], location: str) -> None:
    assert settings(entry, **own).jwks_location == location


def test_an_issuer_may_be_another_than_the_presets() -> None:
    made = settings(OKTA, issuer="https://login.acme.example/oauth2/default")
    assert made.jwks_location == "discover:https://login.acme.example/oauth2/default"


def test_metadata_may_stand_elsewhere() -> None:
    made = settings(KEYCLOAK, discovery_url="http://127.0.0.1:8080/metadata")
    assert made.jwks_location == f"discover:{KEYCLOAK['issuer']} http://127.0.0.1:8080/metadata"


@pytest.mark.parametrize(
    ("entry", "missing"),
    [
        (OKTA, "domain"),
        (AUTH0, "domain"),
        (COGNITO, "user_pool"),
        (ENTRA, "tenants"),
        (GOOGLE, "hosted_domain"),
        (KEYCLOAK, "issuer"),
    ],
)
def test_half_a_line_says_what_is_missing(entry: dict[str, Any], missing: str) -> None:
    assert refusal({key: value for key, value in entry.items() if key != missing}) == f"this provider needs `{missing}`"


@pytest.mark.parametrize("entry", ALL, ids=lambda entry: entry["provider"])
def test_no_preset_does_without_an_audience(entry: dict[str, Any]) -> None:
    assert refusal({key: value for key, value in entry.items() if key != "audience"}) == "Field required"


@pytest.mark.parametrize(
    ("entry", "changes"),
    [
        (OKTA, {"user_pool": "eu-west-1_AbC"}),
        (COGNITO, {"domain": "acme.example"}),
        (AUTH0, {"token_version": "1"}),
        (GOOGLE, {"authorization_server": "default"}),
        (KEYCLOAK, {"hosted_domain": "acme.example"}),
        (ENTRA, {"token_use": "id"}),
    ],
)
def test_keys_of_another_provider_are_refused(entry: dict[str, Any], changes: dict[str, Any]) -> None:
    assert "is not for this provider" in refusal(entry, **changes)


@pytest.mark.parametrize("key", ["domain", "hosted_domain"])
def test_keys_of_presets_need_a_preset(key: str) -> None:
    entry = {"issuer": "https://idp.test", "audience": "api", key: "acme.example"}
    assert refusal(entry) == f"`{key}` goes with `provider`"


@pytest.mark.parametrize(
    ("entry", "changes"),
    [
        (OKTA, {"domain": "https://acme.okta.com"}),
        (OKTA, {"domain": "acme.okta.com/oauth2"}),
        (OKTA, {"domain": "user@acme.okta.com"}),
        (OKTA, {"domain": "127.0.0.1"}),
        (OKTA, {"domain": "acme.okta.com:8443"}),
        (OKTA, {"authorization_server": "../other"}),
        (COGNITO, {"user_pool": "AbC123"}),
        (COGNITO, {"user_pool": "eu-west-1.evil.test_AbC"}),
        (ENTRA, {"tenants": "common"}),
        (ENTRA, {"tenants": ["organizations"]}),
        (ENTRA, {"tenants": [TENANT.upper()]}),
        (ENTRA, {"tenants": []}),
        (GOOGLE, {"hosted_domain": "*"}),
        (GOOGLE, {"hosted_domain": []}),
        (KEYCLOAK, {"issuer": "https://sso.acme.example"}),
    ],
)
def test_names_that_would_lead_elsewhere_are_refused(entry: dict[str, Any], changes: dict[str, Any]) -> None:
    assert refusal(entry, **changes)


def test_the_template_of_a_tenant_and_the_tenants_go_together() -> None:
    entry = {"issuer": "https://idp.test/{tenantid}", "audience": "api", "jwks_url": "https://idp.test/jwks"}
    assert "go together" in refusal(entry)
    assert "needs `tenant`" in refusal(entry, tenants=[TENANT])
    assert "go together" in refusal({**entry, "issuer": "https://idp.test"}, tenants=[TENANT], tenant="tid")
    assert f"https://idp.test/{TENANT}" in settings(entry, tenants=[TENANT], tenant="tid").accepted_issuers()


@pytest.mark.parametrize(
    ("old", "new"), [("roles_claim", "roles"), ("scopes_claim", "scopes"), ("subject_claim", "subject")]
)
def test_a_key_of_earlier_versions_names_its_successor(old: str, new: str) -> None:
    assert refusal({"issuer": "https://idp.test", "audience": "api"}, **{old: "x"}) == f"`{old}` is called `{new}` now"
