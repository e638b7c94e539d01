"""Exactly one credential in exactly one field."""

import pytest

from hotgate.identity.places.credential_field import bearer_token, only_value
from hotgate.identity.refusal import CredentialRefused


def test_the_only_field_is_found() -> None:
    assert only_value([(b"a", b"1"), (b"b", b"2")], b"b", "key-unknown") == b"2"
    assert only_value([(b"a", b"1")], b"b", "key-unknown") is None


def test_two_fields_are_refused_even_when_they_are_equal() -> None:
    with pytest.raises(CredentialRefused) as caught:
        only_value([(b"a", b"1"), (b"a", b"1")], b"a", "key-unknown")
    assert caught.value.code == "key-unknown"


@pytest.mark.parametrize("value", [b"Bearer abc", b"bearer abc", b"BEARER abc"])
def test_the_scheme_may_have_any_case(value: bytes) -> None:
    assert bearer_token(value) == b"abc"


@pytest.mark.parametrize("value", [b"Basic abc", b"DPoP abc", b"abc", b"", b"Bearerabc", b"Bearer\tabc"])
def test_other_schemes_are_not_ours(value: bytes) -> None:
    assert bearer_token(value) is None


@pytest.mark.parametrize(
    "value", [b"Bearer", b"Bearer ", b"Bearer  a", b"Bearer a b", b"Bearer a, Bearer b", b"Bearer a,b", b"Bearer a\tb"]
)
def test_none_or_several_tokens_are_refused(value: bytes) -> None:
    with pytest.raises(CredentialRefused) as caught:
        bearer_token(value)
    assert caught.value.code == "token-malformed"
