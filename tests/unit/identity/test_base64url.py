"""One spelling per value: a token cannot be changed without changing what was signed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotgate.identity import base64url


@given(st.binary(max_size=64))
def test_decoding_undoes_encoding(value: bytes) -> None:
    assert base64url.decode(base64url.encode(value)) == value


@given(st.binary(max_size=16))
def test_whatever_is_accepted_has_no_second_spelling(segment: bytes) -> None:
    try:
        decoded = base64url.decode(segment)
    except ValueError:
        return
    assert base64url.encode(decoded) == segment


@pytest.mark.parametrize(
    "segment", [b"YQ==", b"YQ=", b"Y Q", b"YQ\n", b" YQ", b"Y+Q_", b"Y/Q-", b"YR", b"A", b"\xff\xff", b"=="]
)
def test_padding_space_other_alphabets_and_stray_bits_are_refused(segment: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        base64url.decode(segment)
