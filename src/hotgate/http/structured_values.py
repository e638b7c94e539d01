"""The values of structured fields (RFC 9651 §3), and their one canonical form (§4.1)."""

from binascii import b2a_base64
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple


class Token(str):
    """A word that stands without quotes (RFC 9651 §3.3.4)."""

    __slots__ = ()


class Date(int):
    """Seconds since the epoch, written as `@…` (RFC 9651 §3.3.7)."""


class DisplayString(str):
    """Text that may hold any character, written as `%"…"` (RFC 9651 §3.3.8)."""

    __slots__ = ()


BareItem = int | Decimal | str | bytes | bool
Parameters = dict[str, BareItem]


class InvalidField(ValueError):
    """A value that is not what it should be. The text is fixed, and holds nothing of it: safe to log."""


class Item(NamedTuple):
    """One value and its parameters."""

    value: BareItem
    parameters: Parameters


class InnerList(NamedTuple):
    """A list in parentheses and its parameters."""

    items: Any  # tuple[Item, ...], or what a caller's own reader has made of it
    parameters: Parameters


Member = Item | InnerList


def write_bare(value: BareItem) -> bytes:
    """The canonical form of a value (RFC 9651 §4.1.3.1). Raises InvalidField for text that has none."""
    return _WRITE[type(value)](value)


def _decimal(value: Decimal) -> bytes:
    whole, _, fraction = f"{value or 0:.3f}".partition(".")  # zero has no sign (RFC 9651 §4.1.5)
    return f"{whole}.{fraction.rstrip('0') or '0'}".encode("ascii")


_WRITE: dict[type, Callable[[Any], bytes]] = {
    str: lambda value: b'"%b"' % _escaped(value),
    int: lambda value: b"%d" % value,
    bytes: lambda value: b":%b:" % b2a_base64(value, newline=False),
    bool: lambda value: b"?1" if value else b"?0",
    Token: lambda value: value.encode("ascii"),
    Date: lambda value: b"@%d" % value,
    Decimal: _decimal,
    DisplayString: lambda value: b'%%"%b"' % b"".join(map(_shown, value.encode("utf-8"))),
}


def _escaped(text: str) -> bytes:
    if not text.isascii() or not text.isprintable():
        raise InvalidField("text with a character that no string can hold")
    return (text.replace("\\", "\\\\").replace('"', '\\"') if '"' in text or "\\" in text else text).encode("ascii")


def _shown(octet: int) -> bytes:
    return b"%c" % octet if 0x20 <= octet < 0x7F and octet not in b'%"' else b"%%%02x" % octet


def write_parameters(parameters: Mapping[str, BareItem]) -> bytes:
    """`;name=value` of each (RFC 9651 §4.1.1.2)."""
    if not parameters:
        return b""
    return b"".join(
        [
            b";%b" % name.encode("ascii") if value is True else b";%b=%b" % (name.encode("ascii"), write_bare(value))
            for name, value in parameters.items()
        ]
    )


def write_inner_list(items: tuple[Item, ...]) -> bytes:
    """`(…)`, without the parameters behind it (RFC 9651 §4.1.1.1)."""
    return b"(%b)" % b" ".join([write_bare(item.value) + write_parameters(item.parameters) for item in items])


def write_member(member: Member) -> bytes:
    """An item or an inner list with its parameters."""
    written = write_inner_list(member.items) if isinstance(member, InnerList) else write_bare(member.value)
    return written + write_parameters(member.parameters)


def write_list(members: list[Member]) -> bytes:
    """A list (RFC 9651 §4.1.1)."""
    return b", ".join(map(write_member, members))


def write_dictionary(members: Mapping[str, Member]) -> bytes:
    """A dictionary (RFC 9651 §4.1.2)."""
    return b", ".join([name.encode("ascii") + _written_value(member) for name, member in members.items()])


def _written_value(member: Member) -> bytes:
    if isinstance(member, Item) and member.value is True:
        return write_parameters(member.parameters)
    return b"=" + write_member(member)
