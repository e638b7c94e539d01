"""The tokens are what the demo promises, judged by the verifier of the gateway."""

import time
from typing import Any

import pytest

from hotgate.demo.credentials import AUDIENCE, ISSUER, Credentials, new_credentials
from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.tokens.accepted_issuers import AcceptedIssuers
from hotgate.identity.tokens.jwt import JwtVerifier
from hotgate.identity.tokens.token_rules import TokenRules
from hotgate.identity.verification_keys.key_set import KeySet


@pytest.fixture(scope="module")
def credentials() -> Credentials:
    return new_credentials("opaque")


def verifier(jwks: dict[str, Any]) -> JwtVerifier:
    rules = TokenRules(
        issuers=AcceptedIssuers([ISSUER]), audiences=frozenset({AUDIENCE}), algorithms=frozenset({"ES256"})
    )
    key_set = KeySet("corp")
    key_set.replace(jwks)
    return JwtVerifier("corp", rules, key_set)


def test_the_good_token_is_good(credentials: Credentials) -> None:
    found = verifier(credentials.jwks).verify(credentials.token.encode(), time.time())
    assert found.principal.subject == "alice"
    assert found.principal.scopes == {"orders:read"}


def test_the_expired_token_is_refused_for_its_age_alone(credentials: Credentials) -> None:
    with pytest.raises(CredentialRefused) as refused:
        verifier(credentials.jwks).verify(credentials.expired.encode(), time.time())
    assert refused.value.code == "token-expired"


def test_tokens_of_another_run_are_worthless(credentials: Credentials) -> None:
    with pytest.raises(CredentialRefused) as refused:
        verifier(new_credentials("opaque").jwks).verify(credentials.token.encode(), time.time())
    assert refused.value.code == "token-signature-invalid"


def test_nothing_private_is_published(credentials: Credentials) -> None:
    assert all("d" not in key for key in credentials.jwks["keys"])


def test_keys_are_never_the_same(credentials: Credentials) -> None:
    assert new_credentials("opaque").jwks != credentials.jwks
