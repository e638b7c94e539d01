"""Structured fields (RFC 9651, RFC 8941), parsed strictly.

Stricter than the RFC where two parsers could read one text differently: a key that is there twice is refused (the RFC
lets the last one win), and so is base64 whose padding is missing or whose unused bits are not zero.
"""

import re
from binascii import Error as BinasciiError
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import unquote_to_bytes

from hotgate.http.structured_values import (
    Date,
    DisplayString,
    InnerList,
    InvalidField,
    Item,
    Member,
    Parameters,
    Token,
)

_KEY = rb"([a-z*][a-z0-9_.*-]*)"
# One group for each kind of bare item; `lastindex` says which.
_BARE = (
    rb"(?:(-?[0-9]{1,15}(?![0-9.]))"
    rb"|(-?[0-9]{1,12}\.[0-9]{1,3}(?![0-9.]))"
    rb'|"([ !#-\[\]-~]*(?:\\["\\][ !#-\[\]-~]*)*)"'
    rb"|:([A-Za-z0-9+/]*={0,2}):"
    rb"|\?([01])"
    rb"|([A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*)"
    rb"|@(-?[0-9]{1,15})(?![0-9.])"
    rb'|%"((?:[ !#$&-~]|%[0-9a-f]{2})*)")'
)
_bare = re.compile(_BARE).match
_parameter = re.compile(rb"; *" + _KEY + rb"(?:=" + _BARE + rb")?").match
_key = re.compile(_KEY + rb"(=?)").match
# Only strings have escapes; in a display string (%"…") a backslash is itself.
_STRING = rb'"[^"\\]*(?:\\.[^"\\]*)*"|%"[^"]*"|%(?!")'
_inner_list = re.compile(rb'\([^()"%]*(?:(?:' + _STRING + rb')[^()"%]*)*\)').match
_separator = re.compile(rb"[ \t]*,[ \t]*+(?!\Z)").match
_spaces = re.compile(rb" *").match


def _decoded(text: bytes) -> bytes:
    try:
        value = a2b_base64(text, strict_mode=True)
    except BinasciiError:
        raise InvalidField("base64 that is not well formed") from None
    if b2a_base64(value, newline=False) != text:
        raise InvalidField("base64 with bits that nobody reads")
    return value


def _displayed(text: bytes) -> DisplayString:
    try:
        return DisplayString(unquote_to_bytes(text).decode("utf-8"))
    except UnicodeDecodeError:
        raise InvalidField("a display string that is not UTF-8") from None


_READ: tuple[Callable[[bytes], Any], ...] = (
    int,
    lambda text: Decimal(text.decode("ascii")),
    lambda text: text.decode("ascii") if b"\\" not in text else re.sub(rb"\\(.)", rb"\1", text).decode("ascii"),
    _decoded,
    lambda text: text == b"1",
    lambda text: Token(text.decode("ascii")),
    Date,
    _displayed,
)


def parse_inner_list(text: bytes) -> tuple[Item, ...]:
    """The items of `(…)`, which is the whole text. Raises InvalidField."""
    items: list[Item] = []
    end = len(text) - 1
    position = _after_spaces(text, 1)
    while position < end:
        item, position = _item(text, position)
        items.append(item)
        after = _after_spaces(text, position)
        if after == position != end:
            raise InvalidField("an inner list without a space between two items")
        position = after
    return tuple(items)


def parse_dictionary(text: bytes, inner_list: Callable[[bytes], object] = parse_inner_list) -> dict[str, Member]:
    """A dictionary (RFC 9651 §4.2.2); lines of one field are joined by `, ` before. Raises InvalidField.

    inner_list: reads `(…)`, for callers who remember what they have read.
    """
    members: dict[str, Member] = {}
    position = _after_spaces(text, 0)
    end = len(text.rstrip(b" "))
    while position < end:
        match = _key(text, position)
        if match is None:
            raise InvalidField("a dictionary whose key is not well formed")
        name = match[1].decode("ascii")
        if name in members:
            raise InvalidField("a key is there twice")
        if match[2]:
            members[name], position = _member(text, match.end(), inner_list)
        else:
            parameters, position = _parameters(text, match.end())
            members[name] = Item(True, parameters)  # a key alone is true (RFC 9651 §3.2)
        position = _next_member(text, position, end)
    return members


def parse_list(text: bytes) -> list[Member]:
    """A list (RFC 9651 §4.2.1). Raises InvalidField."""
    members: list[Member] = []
    position = _after_spaces(text, 0)
    end = len(text.rstrip(b" "))
    while position < end:
        member, position = _member(text, position, parse_inner_list)
        members.append(member)
        position = _next_member(text, position, end)
    return members


def parse_item(text: bytes) -> Item:
    """A single item (RFC 9651 §4.2.3). Raises InvalidField."""
    item, position = _item(text, _after_spaces(text, 0))
    if position != len(text.rstrip(b" ")):
        raise InvalidField("something stands behind an item")
    return item


def _next_member(text: bytes, position: int, end: int) -> int:
    if position >= end:
        return position
    match = _separator(text, position)
    if match is None:
        raise InvalidField("members without a comma between them, or a comma behind the last")
    return match.end()


def _member(text: bytes, position: int, inner_list: Callable[[bytes], object]) -> tuple[Member, int]:
    match = _inner_list(text, position)
    if match is None:
        return _item(text, position)
    items = inner_list(match[0])
    parameters, position = _parameters(text, match.end())
    return InnerList(items, parameters), position


def _item(text: bytes, position: int) -> tuple[Item, int]:
    match = _bare(text, position)
    if match is None or match.lastindex is None:
        raise InvalidField("a value that is none of the kinds there are")
    kind = match.lastindex
    parameters, position = _parameters(text, match.end())
    return Item(_READ[kind - 1](match[kind]), parameters), position


def _parameters(text: bytes, position: int) -> tuple[Parameters, int]:
    found: Parameters = {}
    while (match := _parameter(text, position)) is not None:
        name, kind = match[1].decode("ascii"), match.lastindex or 1
        if name in found:
            raise InvalidField("a parameter is there twice")
        found[name] = True if kind == 1 else _READ[kind - 2](match[kind])
        position = match.end()
    return found, position


def _after_spaces(text: bytes, position: int) -> int:
    match = _spaces(text, position)
    return match.end() if match is not None else position
