"""Keys as operators see them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotgate.limits.shown_key import key_of_shown, shown_key


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("a\x00192.0.2.1", "a/192.0.2.1"),
        ("p\0corp\0alice/x", "p/corp/alice%2Fx"),
        ("h\0x\0é%\x1b[31m", "h/x/é%25%1B[31m"),
        ("c\0日本", "c/日本"),
    ],
)
def test_a_key_is_one_line_and_speaks_to_no_terminal(key: str, shown: str) -> None:
    assert shown_key(key) == shown


@given(st.text(max_size=128))
def test_what_is_shown_names_the_same_key(key: str) -> None:
    assert key_of_shown(shown_key(key)) == key
