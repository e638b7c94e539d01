"""Distinguished names (RFC 4514): a client's name put into one, and the name of a group taken out of one."""

import re

_SPECIAL = re.compile(r'[,+"\\<>;=]|^[ #]| $')
_ESCAPED = re.compile(rb"\\(?:([0-9A-Fa-f]{2})|(.))", re.DOTALL)
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


def _meant(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 16)]) if found[1] else found[2]
