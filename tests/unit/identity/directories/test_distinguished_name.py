"""Names in names."""

import pytest

from hotgate.identity.directories.distinguished_name import escaped, first_value, is_below


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


@pytest.mark.parametrize(
    ("name", "is_there"),
    [
        ("cn=admins,ou=groups,dc=example", True),
        ("CN=admins, OU=Groups , DC=Example", True),
        ("cn=admins,ou=more,ou=groups,dc=example", True),
        ("ou=groups,dc=example", False),
        ("cn=admins,ou=own,dc=example", False),
        (r"cn=admins\,ou=groups\,dc=example,ou=own", False),
        (r"cn=admins\\,ou=groups,dc=example", True),
        ("cn=admins,ou=groups,dc=example,dc=evil", False),
        ("admins", False),
        ("", False),
    ],
)
def test_only_what_ends_like_another_name_is_below_it(name: str, *, is_there: bool) -> None:
    assert is_below(name, "ou=groups,dc=example") == is_there
