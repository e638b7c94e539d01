"""Structured fields: the examples of RFC 9651, what is refused, and that what is written is read as the same."""

import re
import string
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotgate.http.structured_fields import parse_dictionary, parse_inner_list, parse_item, parse_list
from hotgate.http.structured_values import (
    BareItem,
    Date,
    DisplayString,
    InnerList,
    InvalidField,
    Item,
    Token,
    write_bare,
    write_dictionary,
    write_list,
    write_member,
)

ITEMS: list[tuple[bytes, BareItem]] = [
    (b"42", 42),
    (b"-999999999999999", -999_999_999_999_999),
    (b"4.5", Decimal("4.5")),
    (b"-0.125", Decimal("-0.125")),
    (b'"hello world"', "hello world"),
    (b'"a \\"b\\" \\\\"', 'a "b" \\'),
    (b'""', ""),
    (b"foo123/456", Token("foo123/456")),
    (b"*a:b", Token("*a:b")),
    (b":cHJldGVuZCB0aGlzIGlzIGJpbmFyeSBjb250ZW50Lg==:", b"pretend this is binary content."),
    (b"::", b""),
    (b"?1", True),
    (b"?0", False),
    (b"@1659578233", Date(1_659_578_233)),
    (b'%"This is intended for display to %c3%bcsers."', DisplayString("This is intended for display to üsers.")),
]


@pytest.mark.parametrize(("text", "value"), ITEMS)
def test_every_kind_of_item_is_read_and_written(text: bytes, value: BareItem) -> None:
    item = parse_item(text)
    assert item == Item(value, {})
    assert type(item.value) is type(value)
    assert write_bare(value) == text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (b"00", b"0"),
        (b"-0", b"0"),
        (b"-0.0", b"0.0"),
        (b" 1 ", b"1"),
        (b"1.50", b"1.5"),
        (b"1;  a=?1;b", b"1;a;b"),
        (b"1.0", b"1.0"),
    ],
)
def test_one_value_has_one_canonical_form(text: bytes, canonical: bytes) -> None:
    assert write_member(parse_item(text)) == canonical


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"  ", b"1234567890123456", b"1.2345", b"1234567890123.1", b"1.", b".1", b"--1", b"+1", b"0x1", b"1 2"),
        *(b'"', b'"a', b'"\\a"', b'"\x7f"', b'"\xc3\xa9"', b'"a\nb"', b'"a"b', b"'a'"),
        *(b":a:", b":YQ:", b":YQ=:", b":YR==:", b":YQ== :", b":Y Q==:", b":YQ==", b":-_==:", b":YQ===:"),
        *(b"?", b"?2", b"?01", b"@", b"@1.5", b"@-", b"!a", b"(", b"()", b"{}"),
        *(b'%"', b'%"%C3%BC"', b'%"%ff"', b'%"%c3"', b'%"\xfc"', b'%"%"', b"%a"),
        *(b"1;", b"1;A", b"1;a=", b"1;a=()", b"1;a;a", b"1;a=1;a=1", b"1 ;a", b"1;\ta"),
    ],
)
def test_what_is_no_item_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidField):
        parse_item(text)


@pytest.mark.parametrize(
    "text",
    [
        b"a=1,",
        b"a=1, ",
        b"a=1,\t",
        b",a=1",
        b"a=1,,b=2",
        b"a=1 b=2",
        b"A=1",
        b"1=1",
        b"a=",
        b"a==1",
        b"a=1;",
        b"a=(1",
        b"a=(1,2)",
        b"\ta=1",
    ],
)
def test_what_is_no_dictionary_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidField):
        parse_dictionary(text)


@pytest.mark.parametrize("text", [b"a=1, a=2", b"a, a", b"a=1, b=2, a=1"])
def test_a_key_that_is_there_twice_is_refused(text: bytes) -> None:
    """RFC 9651 lets the last one win; another reader may take the first."""
    with pytest.raises(InvalidField, match="twice"):
        parse_dictionary(text)


def test_members_of_dictionaries() -> None:
    members = parse_dictionary(b'a=?0, b, c;foo=bar, d=("x" y);q=1 \t,\t e=:AA==:')
    assert members == {
        "a": Item(False, {}),
        "b": Item(True, {}),
        "c": Item(True, {"foo": "bar"}),
        "d": InnerList((Item("x", {}), Item("y", {})), {"q": 1}),
        "e": Item(b"\0", {}),
    }
    assert write_dictionary(members) == b'a=?0, b, c;foo=bar, d=("x" y);q=1, e=:AA==:'


def test_no_members_at_all() -> None:
    assert (parse_dictionary(b""), parse_list(b" ")) == ({}, [])


def test_lists_hold_items_and_inner_lists() -> None:
    text = b'sugar;a, (1 2);x, "rum", ()'
    assert write_list(parse_list(text)) == text


@pytest.mark.parametrize("text", [b'("a""b")', b"(1,2)", b"(1 2", b"(1;)", b"((1))", b'("a" "b)', b"(\t1)"])
def test_what_is_no_inner_list_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidField):
        parse_list(text)


def test_a_backslash_in_a_display_string_is_itself_in_an_inner_list_too() -> None:
    members = {"a": InnerList((Item(DisplayString("\\"), {}),), {"b": ")"})}
    assert parse_dictionary(write_dictionary(members)) == members


def test_spaces_in_inner_lists_mean_nothing() -> None:
    assert parse_inner_list(b'(   "a"    "b"  )') == (Item("a", {}), Item("b", {}))
    assert parse_inner_list(b"()") == parse_inner_list(b"(  )") == ()


@pytest.mark.parametrize("text", [b'(%"\\" 1), "x"', b'("a\\")" ")");x="(", 1'])
def test_what_stands_in_strings_ends_no_inner_list(text: bytes) -> None:
    """In display strings, unlike others, a backslash escapes nothing (RFC 9651 §3.3.8)."""
    assert write_list(parse_list(text)) == text


@pytest.mark.parametrize("text", ["é", "a\nb", "\x7f"])
def test_text_that_no_string_can_hold_is_not_written(text: str) -> None:
    with pytest.raises(InvalidField):
        write_bare(text)


printable = st.text(st.sampled_from(string.ascii_letters + string.digits + ' "\\(),;=:@%?*'), max_size=12)
keys = st.from_regex(re.compile(r"[a-z*][a-z0-9_.*-]{0,8}"), fullmatch=True)
bare: st.SearchStrategy[Any] = st.one_of(
    st.integers(-(10**15) + 1, 10**15 - 1),
    st.integers(-(10**15) + 1, 10**15 - 1).map(lambda number: Decimal(number) / 1000),
    printable,
    st.binary(max_size=12),
    st.booleans(),
    st.from_regex(re.compile(r"[A-Za-z*][A-Za-z0-9:/!#$%&'*+.^_`|~-]{0,8}"), fullmatch=True).map(Token),
    st.integers(-(10**15) + 1, 10**15 - 1).map(Date),
    st.text(st.characters(codec="utf-8"), max_size=8).map(DisplayString),
)
parameters = st.dictionaries(keys, bare, max_size=3)
items = st.builds(Item, bare, parameters)
inner_lists = st.builds(InnerList, st.lists(items, max_size=3).map(tuple), parameters)


@given(st.dictionaries(keys, items | inner_lists, max_size=4))
def test_what_is_written_is_read_as_the_same(members: dict[str, Any]) -> None:
    assert parse_dictionary(write_dictionary(members)) == members


@given(st.binary(max_size=40))
def test_any_octets_are_read_or_refused(text: bytes) -> None:
    for parse in (parse_item, parse_list, parse_dictionary):
        try:
            parse(text)
        except InvalidField:
            continue
