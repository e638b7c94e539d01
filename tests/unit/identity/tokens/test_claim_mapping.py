"""What claims say about the caller: merged, renamed, bounded, and refused when they are of the wrong type."""

from typing import Any

import pytest

from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.tokens.claim_mapping import MAX_NAME_LENGTH, MAX_NAMES, MAX_TEXT_LENGTH, ClaimMapping, NamesFrom

CLAIMS: dict[str, Any] = {
    "sub": "ada",
    "scope": "orders:read orders:write",
    "scp": ["profile"],
    "roles": ["dev"],
    "groups": ["/staff", "/staff/admins"],
    "realm_access": {"roles": ["user"]},
    "azp": "web",
    "tid": "acme",
    "plan": "gold",
}


def principal(mapping: ClaimMapping = ClaimMapping(), **changes: Any) -> Principal:  # noqa: B008 (immutable)
    return mapping.principal("corp", {**CLAIMS, **changes})


def refusal(mapping: ClaimMapping = ClaimMapping(), **changes: Any) -> CredentialRefused:  # noqa: B008 (immutable)
    with pytest.raises(CredentialRefused) as caught:
        principal(mapping, **changes)
    assert caught.value.code == "token-malformed"
    return caught.value


def test_the_usual_claims_are_read_without_being_named() -> None:
    made = principal()
    assert (made.subject, made.provider, made.mechanism) == ("ada", "corp", "jwt")
    assert made.scopes == {"orders:read", "orders:write"}
    assert made.roles == {"dev"}
    assert made.groups == {"/staff", "/staff/admins"}
    assert (made.client, made.tenant, made.tier) == ("web", None, None)


def test_each_part_can_come_from_another_claim() -> None:
    mapping = ClaimMapping(
        subject=("oid", "sub"),
        scopes=NamesFrom(("scope", "scp")),
        roles=NamesFrom(("roles", "realm_access.roles")),
        groups=NamesFrom(("groups",), strip_prefix="/"),
        tenant=("tid",),
        client=("appid", "azp"),
        tier=("plan",),
    )
    made = principal(mapping)
    assert made.subject == "ada"
    assert made.scopes == {"orders:read", "orders:write", "profile"}
    assert made.roles == {"dev", "user"}
    assert made.groups == {"staff", "staff/admins"}
    assert (made.tenant, made.client, made.tier) == ("acme", "web", "gold")
    assert principal(mapping, oid="1234").subject == "1234"


@pytest.mark.parametrize("scopes", ["a b", ["a", "b"], "a  b "])
@pytest.mark.parametrize("claim", ["scope", "scp"])
def test_scopes_are_text_or_a_list(claim: str, scopes: Any) -> None:
    claims = {name: value for name, value in CLAIMS.items() if name not in ("scope", "scp")}
    assert ClaimMapping().principal("corp", {**claims, claim: scopes}).scopes == {"a", "b"}


def test_a_role_in_text_is_one_role_whatever_it_holds() -> None:
    assert principal(roles="dev admin").roles == {"dev admin"}


def test_only_names_of_a_map_become_something() -> None:
    mapping = ClaimMapping(roles=NamesFrom(("groups",), "/", {"staff/admins": "admin"}))
    assert principal(mapping).roles == {"admin"}
    assert principal(mapping, groups=["admin", "/staff"]).roles == frozenset()


@pytest.mark.parametrize("value", [5, True, {"admin": True}, ["a", 5], [["a"]], [None]])
@pytest.mark.parametrize("claim", ["scope", "roles", "groups"])
def test_names_of_the_wrong_type_are_refused(claim: str, value: Any) -> None:
    assert claim in refusal(**{claim: value}).log_detail


@pytest.mark.parametrize("value", [5, True, "", ["ada"], {"id": "ada"}, "x" * (MAX_TEXT_LENGTH + 1), "ada\0"])
@pytest.mark.parametrize("claim", ["sub", "azp", "tid", "plan"])
def test_one_value_of_the_wrong_type_is_refused(claim: str, value: Any) -> None:
    assert claim in refusal(ClaimMapping(tenant=("tid",), tier=("plan",)), **{claim: value}).log_detail


def test_a_wrong_first_choice_does_not_fall_through_to_the_second() -> None:
    refusal(ClaimMapping(subject=("oid", "sub")), oid=["1234"])


def test_without_a_subject_there_is_no_principal() -> None:
    refusal(sub=None)


def test_names_are_bounded_in_number_and_length() -> None:
    most = [f"r{number}" for number in range(MAX_NAMES)]
    assert len(principal(roles=most).roles) == MAX_NAMES
    refusal(roles=[*most, "one"])
    refusal(ClaimMapping(roles=NamesFrom(("roles", "more"))), roles=most, more=["one"])
    refusal(roles=["x" * (MAX_NAME_LENGTH + 1)])
    refusal(scope="x " * (MAX_NAMES + 1))
