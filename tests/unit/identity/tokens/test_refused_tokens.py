"""Tokens that were refused a moment ago."""

import pytest

from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.tokens.refused_tokens import RefusedTokens

INACTIVE = CredentialRefused("token-inactive", "its issuer says so")


def is_refused(tokens: RefusedTokens, token: bytes, now: float) -> bool:
    try:
        tokens.check(token, now)
    except CredentialRefused:
        return True
    return False


def test_a_token_is_refused_until_its_time_is_over() -> None:
    tokens = RefusedTokens(5.0)
    tokens.add(b"bad", INACTIVE, 100.0)
    assert is_refused(tokens, b"bad", 104.9)
    assert not is_refused(tokens, b"bad", 105.0)
    assert not is_refused(tokens, b"other", 100.0)
    assert len(tokens) == 0


def test_the_oldest_make_room() -> None:
    tokens = RefusedTokens(5.0, max_entries=2)
    for token in (b"a", b"b", b"a", b"c"):
        tokens.add(token, INACTIVE, 100.0)
    assert [is_refused(tokens, token, 100.0) for token in (b"a", b"b", b"c")] == [True, False, True]


def test_without_a_time_nothing_is_kept() -> None:
    tokens = RefusedTokens(0.0)
    tokens.add(b"bad", INACTIVE, 100.0)
    assert len(tokens) == 0


def test_a_clock_that_was_set_back_keeps_no_token_out() -> None:
    tokens = RefusedTokens(5.0)
    tokens.add(b"bad", INACTIVE, 1000.0)
    assert not is_refused(tokens, b"bad", 100.0)


def test_no_token_is_kept_itself() -> None:
    tokens = RefusedTokens(5.0)
    tokens.add(b"s3cret-token", INACTIVE, 100.0)
    assert b"s3cret-token" not in repr(vars(tokens)).encode()


def test_refusals_are_raised_as_new_ones() -> None:
    tokens = RefusedTokens(5.0)
    tokens.add(b"bad", INACTIVE, 100.0)
    with pytest.raises(CredentialRefused) as raised:
        tokens.check(b"bad", 100.0)
    assert raised.value is not INACTIVE
    assert (raised.value.code, raised.value.log_detail) == (INACTIVE.code, INACTIVE.log_detail)
