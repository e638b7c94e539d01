"""API keys are known by digest only, and every way in which one can be bad has its own code."""

import pytest

from hotgate.identity.api_keys.api_key import MAX_LENGTH, ApiKey, ApiKeys, digest
from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused

SECRET = "3d9a0f4c-not-a-real-key"
ADA = Principal("ada", provider="partners", mechanism="api_key")


def known(
    secret: str = SECRET,
    key_id: str = "one",
    *,
    not_before: float | None = None,
    expires: float | None = None,
    is_revoked: bool = False,
) -> ApiKey:
    return ApiKey(key_id, bytes.fromhex(digest(secret)), ADA, not_before, expires, is_revoked)


def code_for(presented: bytes, key: ApiKey, now: float = 50.0) -> str:
    with pytest.raises(CredentialRefused) as caught:
        ApiKeys([key]).verify(presented, now)
    assert SECRET not in str(caught.value)
    return caught.value.code


def test_a_known_key_names_its_consumer() -> None:
    assert ApiKeys([known()]).verify(SECRET.encode(), 0.0) is ADA


def test_a_key_in_its_time_is_good() -> None:
    keys = ApiKeys([known(not_before=10.0, expires=100.0)])
    assert keys.verify(SECRET.encode(), 10.0) is ADA
    assert keys.verify(SECRET.encode(), 99.9) is ADA


@pytest.mark.parametrize("presented", [b"", b"short", b"x" * (MAX_LENGTH + 1), b"x" * 100_000])
def test_what_has_no_length_of_a_key_is_refused(presented: bytes) -> None:
    assert code_for(presented, known()) == "key-unknown"


@pytest.mark.parametrize("presented", [SECRET.encode()[:-1], b"\xff" * 20, digest(SECRET).encode()])
def test_other_keys_are_nobodys_and_so_is_the_digest_itself(presented: bytes) -> None:
    assert ApiKeys([known()]).verify(presented, 50.0) is None


def test_expired_early_and_revoked_keys_have_their_codes() -> None:
    secret = SECRET.encode()
    assert code_for(secret, known(expires=50.0)) == "key-expired"
    assert code_for(secret, known(not_before=50.1)) == "key-not-yet-valid"
    assert code_for(secret, known(expires=1.0, is_revoked=True)) == "key-revoked"


def test_one_id_or_one_digest_twice_is_an_error() -> None:
    with pytest.raises(ValueError, match="two keys have the id 'one'"):
        ApiKeys([known(), known("another-key")])
    with pytest.raises(ValueError, match="'one' and 'two' are the same key"):
        ApiKeys([known(), known(key_id="two")])


def test_the_digest_is_sha256_in_hexadecimal() -> None:
    assert digest("12345678") == "ef797c8118f02dfb649607dd5d3f8c7623048c9c063d532cc95c5ed7a898a64f"


@pytest.mark.parametrize("key", ["short", "x" * (MAX_LENGTH + 1), "with space", "tab\tinside", "ümlaut-key"])
def test_a_key_that_could_not_be_sent_has_no_digest(key: str) -> None:
    with pytest.raises(ValueError, match="a key"):
        digest(key)
