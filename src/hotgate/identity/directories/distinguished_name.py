"""Distinguished names (RFC 4514): a client's name put into one, and the name of a group taken out of one."""

import re

_SPECIAL = re.compile(r'[,+"\\<>;=]|^[ #]| $')
_ESCAPED = re.compile(rb"\\(?:([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_PART = re.compile(r"(?:\\.|[^\\,])+", re.DOTALL)
_FIRST_VALUE = re.compile(r"[^=,+]+=((?:\\.|[^\\,+])*)", re.DOTALL)


def escaped(value: str) -> str:
    """A value as it may stand in a name; NUL, which ends text elsewhere, is refused before (RFC 4514 §2.4)."""
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", value)


def first_value(name: str) -> str:
    """`admins` of `cn=admins,ou=groups,dc=example`; text that is no such name as it is."""
    found = _FIRST_VALUE.match(name)
    if found is None:
        return name
    raw = _ESCAPED.sub(_meant, found[1].encode())
    return raw.decode("utf-8", "replace")


def is_below(name: str, base: str) -> bool:
    """Whether a name is that of an entry below another. Directories write the ends of names in one way."""
    ends_with, parts = _parts(base), _parts(name)
    return len(parts) > len(ends_with) and parts[-len(ends_with) :] == ends_with


def _parts(name: str) -> list[str]:
    return [part.strip().casefold() for part in _PART.findall(name)]


def _meant(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 16)]) if found[1] else found[2]
