"""Filters: read as RFC 4515 has them, filled without escaping, and refused with the place of the mistake."""

import pytest

from hotgate.identity.directories.search_filter import (
    BadFilter,
    Combined,
    Condition,
    conditions,
    parse_filter,
)

PLACES = frozenset({"name", "dn"})


def test_a_filter_is_a_tree() -> None:
    found = parse_filter("(&(objectClass=*)(|(uid={name})(mail={name}))(!(locked=TRUE)))", PLACES)
    assert found == Combined(
        "and",
        (
            Condition("objectClass", None),
            Combined("or", (Condition("uid", "{name}"), Condition("mail", "{name}"))),
            Combined("not", (Condition("locked", "TRUE"),)),
        ),
    )
    assert [each.attribute for each in conditions(found)] == ["objectClass", "uid", "mail", "locked"]


@pytest.mark.parametrize("sent", ["*", "ada)(uid=*", "\\2a", "{dn}", "a\\", "ädä", "*)(|(objectClass=*"])
def test_what_a_client_sends_is_a_value_and_nothing_else(sent: str) -> None:
    condition = Condition("uid", "x-{name}")
    assert condition.filled({"name": sent, "dn": "secret"}) == f"x-{sent}".encode()


def test_escapes_of_the_author_are_bytes() -> None:
    assert Condition("cn", r"a\2ab \c3\a9").filled({}) == "a*b é".encode()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("uid={name}", "'\\(' is missing at character 1"),
        ("(uid={name}", "write \\(attribute=value\\)"),
        ("(uid={name})x", "something follows the filter at character 13"),
        ("(uid={nam})", r"there is no \{nam\}; use \{dn\}, \{name\}"),
        ("(uid=a*)", "2a"),
        ("(uid=)", "missing"),
        ("(uid=a\\g1)", "hexadecimal"),
        ("(u id=a)", "attribute=value"),
        ("(&)", "missing"),
        ("(!(a=b)(c=d))", "missing"),
        ("(&(|(!(a=b))))", "nested too deeply"),
        ("(a=b(c))", "28"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, says: str) -> None:
    with pytest.raises(BadFilter, match=says):
        parse_filter(text, PLACES)
