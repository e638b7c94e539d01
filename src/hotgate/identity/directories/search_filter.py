"""Search filters (RFC 4515) with places such as `{name}`: read once, as a tree.

What a client sends is put into a value of the tree and never becomes text of a filter again, so there is nothing to
escape and nothing to inject (CWE-90).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

MAX_DEPTH = 2  # as deep as the library's syntax goes: (&(…)(|(…)(…)))

_ATTRIBUTE = re.compile(r"[A-Za-z0-9][A-Za-z0-9;.-]{0,127}")
_PLACE = re.compile(r"\{([a-z]+)\}")
_ESCAPE = re.compile(r"\\([0-9A-Fa-f]{2})")


class BadFilter(ValueError):
    """It cannot be read. The text says where."""


@dataclass(frozen=True, slots=True)
class Condition:
    """attribute = value; `value` None: whatever it is. Places in it are filled by `filled`."""

    attribute: str
    value: str | None

    def filled(self, values: Mapping[str, str]) -> bytes:
        """The value as bytes: escapes are those of the configuration's author, never of a client."""
        parts = _PLACE.split(self.value or "")
        return b"".join(
            values[part].encode() if index % 2 else _unescaped(part).encode("utf-8", "surrogateescape")
            for index, part in enumerate(parts)
        )


@dataclass(frozen=True, slots=True)
class Combined:
    """All of these, any of these, or not the one."""

    kind: Literal["and", "or", "not"]
    parts: tuple["SearchFilter", ...]


SearchFilter = Condition | Combined

_KINDS: dict[str, Literal["and", "or", "not"]] = {"&": "and", "|": "or", "!": "not"}


def parse_filter(text: str, places: frozenset[str]) -> SearchFilter:
    """Read a filter. places: what may stand in braces. Raises BadFilter."""
    found, end = _filter(text, 0, 0)
    if end != len(text):
        raise BadFilter(f"something follows the filter at character {end + 1}")
    unknown = {name for condition in conditions(found) for name in _PLACE.findall(condition.value or "")} - places
    if unknown:
        raise BadFilter(f"there is no {{{min(unknown)}}}; use {', '.join(f'{{{place}}}' for place in sorted(places))}")
    return found


def conditions(found: SearchFilter) -> Iterator[Condition]:
    """All of a filter."""
    if isinstance(found, Condition):
        yield found
    else:
        for part in found.parts:
            yield from conditions(part)


def _filter(text: str, start: int, depth: int) -> tuple[SearchFilter, int]:
    if depth > MAX_DEPTH:
        raise BadFilter("it is nested too deeply")
    if text[start : start + 1] != "(":
        raise BadFilter(f"'(' is missing at character {start + 1}")
    kind = _KINDS.get(text[start + 1 : start + 2])
    if kind is None:
        return _condition(text, start + 1)
    parts, position = [], start + 2
    while text[position : position + 1] == "(":
        part, position = _filter(text, position, depth + 1)
        parts.append(part)
    if text[position : position + 1] != ")" or not parts or (kind == "not" and len(parts) != 1):
        raise BadFilter(f"')' or '(' is missing at character {position + 1}")
    return Combined(kind, tuple(parts)), position + 1


def _condition(text: str, start: int) -> tuple[Condition, int]:
    end = text.find(")", start)
    attribute, equals, value = text[start:end].partition("=")
    if end < 0 or not equals or not _ATTRIBUTE.fullmatch(attribute):
        raise BadFilter(f"write (attribute=value) at character {start + 1}")
    if "(" in value or "\0" in value or (value != "*" and "*" in value):
        raise BadFilter("a value may be `*` or text, in which `(`, `)`, `*` are written \\28, \\29, \\2a")
    if value != "*" and (not value or "\\" in _ESCAPE.sub("", value)):
        raise BadFilter("a value is missing, or has a '\\' without two hexadecimal digits")
    return Condition(attribute, None if value == "*" else value), end + 1


def _unescaped(text: str) -> str:
    """`\\c3\\a9` are two bytes of one character, so that escapes are read as bytes."""
    raw = re.sub(rb"\\([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), text.encode())
    return raw.decode("utf-8", "surrogateescape")
