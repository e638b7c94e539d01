"""Keys of limits as operators read and write them: `p/corp/alice` for what is kept as "p\\0corp\\0alice"."""

import re
from urllib.parse import unquote

_HIDDEN = re.compile(r"[%/\x00-\x1f\x7f\x80-\x9f]")


def shown_key(key: str) -> str:
    """The key on one line, in a form from which `key_of_shown` makes the same one."""
    return "/".join(_HIDDEN.sub(_escaped, part) for part in key.split("\0"))


def key_of_shown(text: str) -> str:
    """The key that is shown so."""
    return "\0".join(unquote(part, encoding="latin-1") for part in text.split("/"))


def _escaped(match: re.Match[str]) -> str:
    return f"%{ord(match[0]):02X}"
