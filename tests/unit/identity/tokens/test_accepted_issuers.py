"""Whose tokens are accepted: exact names, and tenants that are named twice."""

from typing import Any

import pytest

from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.tokens.accepted_issuers import AcceptedIssuers

OURS, THEIRS = "1111aaaa-2222-3333-4444-555555555555", "9999bbbb-2222-3333-4444-555555555555"
TEMPLATE = "https://login.test/{tenantid}/v2.0"


def issuer_of(tenant: str) -> str:
    return TEMPLATE.replace("{tenantid}", tenant)


def code_for(issuers: AcceptedIssuers, claims: dict[str, Any]) -> str:
    with pytest.raises(CredentialRefused) as caught:
        issuers.check(claims)
    return caught.value.code


@pytest.mark.parametrize("name", ["https://accounts.google.com", "accounts.google.com"])
def test_an_issuer_may_have_several_names(name: str) -> None:
    issuers = AcceptedIssuers(["https://accounts.google.com", "accounts.google.com"])
    assert name in issuers
    issuers.check({"iss": name})


@pytest.mark.parametrize("name", ["https://idp.test/", "HTTPS://idp.test", "https://idp.test ", "https://idp.tes", ""])
def test_a_name_is_compared_character_by_character(name: str) -> None:
    assert code_for(AcceptedIssuers(["https://idp.test"]), {"iss": name}) == "token-issuer-unknown"


@pytest.mark.parametrize("issuer", [5, None, ["https://idp.test"], True])
def test_an_issuer_is_text(issuer: object) -> None:
    assert code_for(AcceptedIssuers(["https://idp.test"]), {"iss": issuer}) == "token-malformed"


def test_a_token_without_an_issuer_is_nobodys() -> None:
    assert code_for(AcceptedIssuers(["https://idp.test"]), {}) == "token-issuer-unknown"


def test_a_tenant_of_the_list_passes() -> None:
    AcceptedIssuers([TEMPLATE], [OURS]).check({"iss": issuer_of(OURS), "tid": OURS})


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": issuer_of(THEIRS), "tid": THEIRS},
        {"iss": issuer_of(THEIRS), "tid": OURS},
        {"iss": issuer_of(OURS), "tid": THEIRS},
        {"iss": issuer_of(OURS), "tid": [OURS]},
        {"iss": issuer_of(OURS), "tid": OURS.upper()},
        {"iss": issuer_of(OURS)},
        {"iss": TEMPLATE, "tid": "{tenantid}"},
        {"iss": issuer_of("common"), "tid": "common"},
    ],
)
def test_iss_and_tenant_must_be_one_and_of_the_list(claims: dict[str, Any]) -> None:
    assert code_for(AcceptedIssuers([TEMPLATE], [OURS]), claims) == "token-issuer-unknown"


@pytest.mark.parametrize("tenant", [OURS, THEIRS])
def test_any_tenant_still_is_named_twice(tenant: str) -> None:
    issuers = AcceptedIssuers([TEMPLATE], None)
    issuers.check({"iss": issuer_of(tenant), "tid": tenant})
    assert code_for(issuers, {"iss": issuer_of(tenant), "tid": "other"}) == "token-issuer-unknown"


@pytest.mark.parametrize("tenant", ["common", "", OURS + "/x", f"{OURS}/v2.0/..", OURS.upper(), "{tenantid}"])
def test_any_tenant_has_the_form_of_an_id(tenant: str) -> None:
    claims = {"iss": issuer_of(tenant), "tid": tenant}
    assert code_for(AcceptedIssuers([TEMPLATE], None), claims) == "token-issuer-unknown"


@pytest.mark.parametrize("key_issuer", [None, TEMPLATE, issuer_of(OURS), "https://other.test/{tenantid}/v2.0"])
def test_a_key_of_all_tenants_or_of_this_one_may_sign(key_issuer: str | None) -> None:
    AcceptedIssuers([TEMPLATE], None).check_key(key_issuer, issuer_of(OURS))


def test_a_key_of_another_tenant_may_not() -> None:
    with pytest.raises(CredentialRefused, match="another tenant"):
        AcceptedIssuers([TEMPLATE], [OURS]).check_key(issuer_of(THEIRS), issuer_of(OURS))


def test_where_there_are_no_tenants_keys_have_none() -> None:
    AcceptedIssuers(["https://idp.test"]).check_key("https://other.test", "https://idp.test")


def test_the_claim_of_the_tenant_may_be_another() -> None:
    AcceptedIssuers([TEMPLATE], [OURS], "org.id").check({"iss": issuer_of(OURS), "org": {"id": OURS}})
