"""Tokens as the providers sign them, against entries of one line: who passes, as whom, and who does not."""

from typing import Any

import pytest

from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.tokens.jwt import JwtVerifier
from hotgate.identity.verification_keys.key_set import KeySet
from hotgate.policies.tokens.jwt_settings import JwtSettings
from provider_samples import OTHER_TENANT, TENANT, sample

NOW = 1_800_000_000.0
CLIENT = "1h57kf5cpq17m0eml12EXAMPLE"
AZP = "8b7f2d34-9a8b-4c5d-8e6f-1a2b3c4d5e6f"
APP = "6e74172b-be56-4843-9ff4-e66a39bb12e3"
AUTH0_CLIENT = "Xk3bT9vQwLrY8sUeJ2nMf6DhGc1AzPo0"
GROUP = "3f1c2d4e-1111-4222-8333-abcdefabcdef"
GOOGLE_USER = "10769150350006150715113082367"
GOOGLE_WEB = "1234987819200-web.apps.googleusercontent.com"
GOOGLE_API = "1234987819200-api.apps.googleusercontent.com"
OKTA_GROUPS = {"Everyone", "orders-admins"}
OKTA = {"domain": "acme.okta.com", "audience": "api://default"}
AUTH0 = {"domain": "acme.eu.auth0.com", "audience": "https://api.acme.example"}
COGNITO = {"user_pool": "eu-west-1_AbCdEf123", "audience": CLIENT}
ENTRA = {"tenants": [TENANT], "audience": APP}
ENTRA_1 = {"tenants": [TENANT], "audience": f"api://{APP}", "token_version": "1"}
GOOGLE = {"hosted_domain": "acme.example", "audience": GOOGLE_API}
ENTRA_2 = {**ENTRA, "tenants": [TENANT, OTHER_TENANT]}
KEYCLOAK = {"issuer": "https://sso.acme.example/realms/acme", "audience": "orders"}


def verify(provider: str, entry: dict[str, Any], token: str, **changes: Any) -> Principal:
    settings = JwtSettings.model_validate({"provider": provider, **entry})
    key_set = KeySet("corp")
    key_set.replace(sample(provider).signer.jwks())
    signed = sample(provider).token(token, NOW, **changes)
    return JwtVerifier("corp", settings.rules(), key_set).verify(signed, NOW).principal


def code_for(provider: str, entry: dict[str, Any], token: str, **changes: Any) -> str:
    with pytest.raises(CredentialRefused) as caught:
        verify(provider, entry, token, **changes)
    return caught.value.code


@pytest.mark.parametrize(
    ("provider", "entry", "token", "subject", "client", "tenant"),
    [
        ("okta", OKTA, "access", "00u5i0ltk1Wq0ZxYd5d7", "0oa5i0ltb4Pq3ExYd5d7", None),
        ("okta", OKTA, "machine", "0oa9machine4Pq3ExYd5d7", "0oa9machine4Pq3ExYd5d7", None),
        (
            "auth0",
            AUTH0,
            "access",
            "auth0|66f0c1d2e3a4b5c6d7e8f901",
            AUTH0_CLIENT,
            "org_9ybsU1dN2dKfDkBi",
        ),
        (
            "auth0",
            AUTH0,
            "rfc9068",
            "Xk3bT9vQwLrY8sUeJ2nMf6DhGc1AzPo0@clients",
            AUTH0_CLIENT,
            None,
        ),
        ("cognito", COGNITO, "access", "5265f434-10c1-70ab-4f1c-d2f7a8b9c0d1", CLIENT, None),
        ("cognito", {**COGNITO, "token_use": "id"}, "id", "5265f434-10c1-70ab-4f1c-d2f7a8b9c0d1", CLIENT, None),
        ("entra", ENTRA, "access", "690222be-ff1a-4d56-abd1-7e4f7d38e474", AZP, TENANT),
        ("entra", ENTRA, "machine", "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d", AZP, TENANT),
        ("entra", ENTRA_1, "v1", "690222be-ff1a-4d56-abd1-7e4f7d38e474", AZP, TENANT),
        (
            "google",
            GOOGLE,
            "id",
            GOOGLE_USER,
            GOOGLE_WEB,
            "acme.example",
        ),
        (
            "google",
            GOOGLE,
            "short_issuer",
            GOOGLE_USER,
            GOOGLE_WEB,
            "acme.example",
        ),
        ("keycloak", KEYCLOAK, "access", "36fa0f91-f94d-4a0c-afed-6b7d952e47da", "shop-frontend", None),
    ],
)
def test_a_token_names_its_caller(
    provider: str, entry: dict[str, Any], token: str, subject: str, client: str, tenant: str | None
) -> None:
    principal = verify(provider, entry, token)
    assert (principal.subject, principal.client, principal.tenant) == (subject, client, tenant)


@pytest.mark.parametrize(
    ("provider", "entry", "token", "scopes", "roles", "groups"),
    [
        (
            "okta",
            OKTA,
            "access",
            {"openid", "orders:read"},
            {"Everyone", "orders-admins"},
            {"Everyone", "orders-admins"},
        ),
        ("okta", OKTA, "machine", {"orders:read"}, set(), set()),
        ("auth0", AUTH0, "access", {"openid", "profile", "orders:read"}, {"orders:read", "orders:write"}, set()),
        ("cognito", COGNITO, "access", {"openid", "orders/read"}, {"admins", "clerks"}, {"admins", "clerks"}),
        (
            "entra",
            ENTRA,
            "access",
            {"Orders.Read", "Orders.Write"},
            {"Orders.Admin"},
            {GROUP},
        ),
        ("entra", ENTRA, "machine", set(), {"Orders.Read.All"}, set()),
        ("entra", ENTRA_1, "v1", {"Orders.Read"}, {"Orders.Admin"}, set()),
        ("google", GOOGLE, "id", set(), set(), set()),
        (
            "keycloak",
            KEYCLOAK,
            "access",
            {"openid", "email", "profile", "orders:read"},
            {"default-roles-acme", "offline_access", "staff", "orders-admin"},
            {"staff", "staff/warehouse"},
        ),
    ],
)
def test_a_token_says_what_its_caller_may_do(
    provider: str, entry: dict[str, Any], token: str, scopes: set[str], roles: set[str], groups: set[str]
) -> None:
    principal = verify(provider, entry, token)
    assert principal.scopes == scopes
    assert principal.roles == roles
    assert principal.groups == groups


def test_namespaced_roles_of_auth0_are_one_key_away() -> None:
    principal = verify("auth0", {**AUTH0, "roles": ["permissions", "https://acme.example/roles"]}, "access")
    assert principal.roles == {"orders:read", "orders:write", "clerk"}


def test_groups_become_roles_through_a_map() -> None:
    entry = {**KEYCLOAK, "roles": {"from": "groups", "strip_prefix": "/", "map": {"staff/warehouse": "packer"}}}
    assert verify("keycloak", entry, "access").roles == {"packer"}


# --- ID tokens where access tokens are wanted


@pytest.mark.parametrize(
    ("provider", "entry", "token", "code"),
    [
        ("okta", OKTA, "id", "token-audience-mismatch"),
        ("okta", {**OKTA, "audience": "0oa5i0ltb4Pq3ExYd5d7"}, "id", "token-malformed"),
        ("okta", OKTA, "org_access", "token-malformed"),
        ("auth0", AUTH0, "id", "token-audience-mismatch"),
        ("cognito", COGNITO, "id", "token-audience-mismatch"),
        ("cognito", {**COGNITO, "audience_claim": "aud"}, "id", "token-malformed"),
        ("cognito", {**COGNITO, "token_use": "id"}, "access", "token-audience-mismatch"),
        ("entra", ENTRA, "id", "token-malformed"),
        ("keycloak", KEYCLOAK, "id", "token-malformed"),
    ],
)
def test_an_id_token_is_no_access_token(provider: str, entry: dict[str, Any], token: str, code: str) -> None:
    assert code_for(provider, entry, token) == code


# --- tokens of somebody else


@pytest.mark.parametrize(
    ("provider", "entry", "token", "changes", "code"),
    [
        ("okta", OKTA, "access", {"iss": "https://acme.okta.com"}, "token-issuer-unknown"),
        ("okta", OKTA, "access", {"iss": "https://evil.okta.com/oauth2/default"}, "token-issuer-unknown"),
        ("okta", OKTA, "access", {"iss": "https://acme.okta.com/oauth2/aus9other"}, "token-issuer-unknown"),
        ("okta", OKTA, "access", {"aud": "api://billing"}, "token-audience-mismatch"),
        ("auth0", AUTH0, "access", {"iss": "https://acme.eu.auth0.com"}, "token-issuer-unknown"),
        ("auth0", AUTH0, "access", {"iss": "https://acme.us.auth0.com/"}, "token-issuer-unknown"),
        ("auth0", AUTH0, "access", {"aud": ["https://acme.eu.auth0.com/userinfo"]}, "token-audience-mismatch"),
        (
            "cognito",
            COGNITO,
            "access",
            {"iss": "https://cognito-idp.us-east-1.amazonaws.com/eu-west-1_AbCdEf123"},
            "token-issuer-unknown",
        ),
        (
            "cognito",
            COGNITO,
            "access",
            {"iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Other0000"},
            "token-issuer-unknown",
        ),
        ("cognito", COGNITO, "access", {"client_id": "another-client"}, "token-audience-mismatch"),
        ("cognito", COGNITO, "access", {"client_id": ..., "aud": CLIENT}, "token-audience-mismatch"),
        ("cognito", COGNITO, "access", {"token_use": ["id"]}, "token-malformed"),
        ("cognito", COGNITO, "access", {"token_use": ...}, "token-malformed"),
        (
            "entra",
            ENTRA,
            "access",
            {"iss": f"https://login.microsoftonline.com/{OTHER_TENANT}/v2.0", "tid": OTHER_TENANT},
            "token-issuer-unknown",
        ),
        ("entra", ENTRA, "access", {"tid": OTHER_TENANT}, "token-issuer-unknown"),
        (
            "entra",
            {**ENTRA, "tenants": [TENANT, OTHER_TENANT]},
            "access",
            {"tid": OTHER_TENANT},
            "token-issuer-unknown",
        ),
        ("entra", {**ENTRA, "tenants": "any"}, "access", {"tid": OTHER_TENANT}, "token-issuer-unknown"),
        ("entra", {**ENTRA, "tenants": "any"}, "access", {"tid": ...}, "token-issuer-unknown"),
        ("entra", ENTRA, "v1", {}, "token-issuer-unknown"),
        ("entra", ENTRA_1, "access", {}, "token-issuer-unknown"),
        ("entra", ENTRA_1, "v1", {"aud": APP}, "token-audience-mismatch"),
        ("entra", ENTRA, "access", {"aud": f"api://{APP}"}, "token-audience-mismatch"),
        ("entra", ENTRA, "access", {"oid": ...}, "token-malformed"),
        ("google", GOOGLE, "id", {"hd": "evil.example"}, "token-malformed"),
        ("google", GOOGLE, "id", {"hd": ..., "email": "ada@acme.example"}, "token-malformed"),
        ("google", GOOGLE, "id", {"aud": "another.apps.googleusercontent.com"}, "token-audience-mismatch"),
        ("google", GOOGLE, "id", {"iss": "https://accounts.google.com/"}, "token-issuer-unknown"),
        ("google", GOOGLE, "id", {"iss": "http://accounts.google.com"}, "token-issuer-unknown"),
        ("keycloak", KEYCLOAK, "access", {"iss": "https://sso.acme.example/realms/master"}, "token-issuer-unknown"),
        ("keycloak", KEYCLOAK, "access", {"iss": "https://sso.acme.example/auth/realms/acme"}, "token-issuer-unknown"),
        ("keycloak", KEYCLOAK, "access", {"aud": "account"}, "token-audience-mismatch"),
        ("keycloak", KEYCLOAK, "access", {"typ": "Refresh"}, "token-malformed"),
    ],
)
def test_a_token_of_somebody_else_is_refused(
    provider: str, entry: dict[str, Any], token: str, changes: dict[str, Any], code: str
) -> None:
    assert code_for(provider, entry, token, **changes) == code


def test_several_tenants_pass_each_as_its_own() -> None:
    other = {"iss": f"https://login.microsoftonline.com/{OTHER_TENANT}/v2.0", "tid": OTHER_TENANT}
    assert verify("entra", ENTRA_2, "access").tenant == TENANT
    assert verify("entra", ENTRA_2, "access", **other).tenant == OTHER_TENANT


def test_a_key_of_one_tenant_signs_for_no_other() -> None:
    rules = JwtSettings.model_validate({"provider": "entra", **ENTRA_2}).rules()
    signer, token = sample("entra").signer, sample("entra").token("access", NOW)
    for tenant, passes in ((TENANT, True), (OTHER_TENANT, False), ("{tenantid}", True)):
        key_set = KeySet("corp")
        key_set.replace({"keys": [signer.jwk(issuer=f"https://login.microsoftonline.com/{tenant}/v2.0")]})
        verifier = JwtVerifier("corp", rules, key_set)
        if passes:
            assert verifier.verify(token, NOW).principal.tenant == TENANT
        else:
            with pytest.raises(CredentialRefused, match="another tenant"):
                verifier.verify(token, NOW)


def test_an_access_token_of_keycloak_that_is_bound_to_a_key_is_one_too() -> None:
    """What it is bound to is the business of `dpop`, without which nobody takes it."""
    assert verify("keycloak", KEYCLOAK, "access", typ="DPoP").client == "shop-frontend"


def test_roles_of_another_client_are_no_roles_here() -> None:
    resources = {"billing": {"roles": ["billing-admin"]}, "orders": {"roles": ["orders-reader"]}}
    principal = verify("keycloak", KEYCLOAK, "access", resource_access=resources)
    assert "orders-reader" in principal.roles
    assert "billing-admin" not in principal.roles
