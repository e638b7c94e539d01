"""Rules beyond the registered claims: age, lifetime, clients, profile, and values."""

from dataclasses import replace
from typing import Any

import pytest

from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.tokens.accepted_issuers import AcceptedIssuers
from hotgate.identity.tokens.claim_mapping import ClaimMapping
from hotgate.identity.tokens.token_checks import check, is_addressed
from hotgate.identity.tokens.token_rules import TokenRules

NOW = 1_800_000_000.0
RULES = TokenRules(AcceptedIssuers(["https://idp.test"]), frozenset({"api"}), frozenset({"ES256"}), leeway=10.0)


def claims(**changes: Any) -> dict[str, Any]:
    good: dict[str, Any] = {"iss": "https://idp.test", "aud": "api", "sub": "ada", "exp": NOW + 600, "iat": NOW - 60}
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


def code_for(rules: TokenRules, **changes: Any) -> str:
    with pytest.raises(CredentialRefused) as caught:
        check(claims(**changes), rules, NOW)
    return caught.value.code


def test_a_token_ends_at_its_age_or_at_its_expiry_whichever_is_first() -> None:
    assert check(claims(), RULES, NOW) == NOW + 610
    assert check(claims(), replace(RULES, max_age=300.0), NOW) == NOW - 60 + 300 + 10
    assert check(claims(), replace(RULES, max_age=3000.0), NOW) == NOW + 610


def test_an_old_token_has_expired_whatever_it_says() -> None:
    rules = replace(RULES, max_age=300.0)
    assert code_for(rules, iat=NOW - 310) == "token-expired"
    assert check(claims(iat=NOW - 309.5), rules, NOW) == NOW + 0.5


def test_a_token_must_not_be_made_to_last() -> None:
    rules = replace(RULES, max_lifetime=660.0)
    assert check(claims(), rules, NOW)
    assert code_for(rules, exp=NOW + 600.5) == "token-malformed"
    assert code_for(rules, exp=2**53) == "token-malformed"


@pytest.mark.parametrize("rules", [replace(RULES, max_age=300.0), replace(RULES, max_lifetime=660.0)])
def test_an_age_needs_a_beginning(rules: TokenRules) -> None:
    assert code_for(rules, iat=...) == "token-malformed"


def test_a_token_of_tomorrow_is_refused_today() -> None:
    assert code_for(RULES, iat=NOW + 10.5) == "token-not-yet-valid"
    assert check(claims(iat=NOW + 9.5), RULES, NOW)


def test_only_the_named_clients_may_call() -> None:
    rules = replace(RULES, clients=frozenset({"web", "app"}))
    assert check(claims(client_id="web"), rules, NOW)
    assert check(claims(azp="app"), rules, NOW)
    assert code_for(rules) == "token-client-unknown"
    assert code_for(rules, client_id="other", azp="web") == "token-client-unknown"
    assert code_for(rules, client_id="WEB") == "token-client-unknown"
    assert code_for(rules, client_id=["web"]) == "token-malformed"
    mapped = replace(rules, mapping=ClaimMapping(client=("app.id",)))
    assert check(claims(app={"id": "app"}), mapped, NOW)
    assert code_for(mapped, azp="app") == "token-client-unknown"


@pytest.mark.parametrize("name", ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"])
def test_rfc_9068_requires_each_of_its_claims(name: str) -> None:
    rules = replace(RULES, is_rfc9068=True, mapping=ClaimMapping(subject=("email",)))
    full = {"client_id": "web", "jti": "1", "email": "ada@example.com"}
    assert check(claims(**full), rules, NOW)
    assert code_for(rules, **{**full, name: ...}).startswith("token-")


def test_a_token_for_single_use_needs_an_identifier() -> None:
    rules = replace(RULES, is_single_use=True)
    assert check(claims(jti="1"), rules, NOW)
    assert code_for(rules) == code_for(rules, jti=None) == "token-malformed"


@pytest.mark.parametrize("name", ["jti", "sid"])
@pytest.mark.parametrize("value", [5, "", ["1"], True, "x" * 1025])
def test_what_a_token_is_revoked_by_must_be_short_text(name: str, value: Any) -> None:
    """A number that is not looked up would be a token that cannot be revoked."""
    assert code_for(RULES, **{name: value}) == "token-malformed"


@pytest.mark.parametrize(
    ("value", "is_good"),
    [(True, True), ("a", True), (["x", "a"], True), (1, False), ("A", False), (None, False), ([], False), ({}, False)],
)
def test_a_claim_must_have_one_of_its_values(value: Any, is_good: bool) -> None:
    rules = replace(RULES, allowed_values=(("flag", (True, "a")),))
    if is_good:
        assert check(claims(flag=value), rules, NOW)
    else:
        assert code_for(rules, flag=value) == "token-malformed"


def test_what_a_token_is_addressed_to_is_found_without_an_error() -> None:
    web = replace(RULES, clients=frozenset({"web"}))
    assert is_addressed(claims(), RULES)
    assert is_addressed(claims(client_id="web"), web)
    assert not is_addressed(claims(client_id=5), web)
    assert not is_addressed(claims(aud="other"), RULES)
    assert not is_addressed({}, RULES)
