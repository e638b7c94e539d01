"""Names in names."""

import pytest

from hotgate.identity.directories.distinguished_name import escaped, first_value


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("ada", "ada"),
        ("ada,dc=evil", r"ada\,dc\=evil"),
        (' "x" <y>;+', r"\ \"x\" \<y\>\;\+"),
        ("#1 ", r"\#1\ "),
        ("a\\b", r"a\\b"),
    ],
)
def test_a_value_stays_one_value(value: str, written: str) -> None:
    assert escaped(value) == written
    assert first_value(f"uid={escaped(value)},dc=example") == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cn=admins,ou=groups,dc=example", "admins"),
        (r"CN=Caf\C3\A9\, upstairs,DC=example", "Café, upstairs"),
        ("cn=a+sn=b,dc=example", "a"),
        ("admins", "admins"),
        ("", ""),
    ],
)
def test_a_group_is_called_by_the_first_value(name: str, value: str) -> None:
    assert first_value(name) == value
