"""The text of a file of passwords, as htpasswd has it: `name:hash` on each line, `#` before remarks."""

from collections.abc import Callable

from hotgate.identity.passwords.basic_credentials import MAX_NAME
from hotgate.identity.passwords.password_format import UnusableHash, checked


class BadPasswordFile(ValueError):
    """The text names the line and what is wrong there, never a hash."""


def parse_password_file(text: str, accepted: Callable[[str], str] = checked) -> dict[str, str]:
    """Name → what `accepted` makes of its hash. Raises BadPasswordFile."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, colon, hash_ = line.strip().partition(":")
        if not colon or not name or len(name) > MAX_NAME or not name.isprintable():
            raise BadPasswordFile(f"line {number}: write `name:hash`")
        if name in found:
            raise BadPasswordFile(f"line {number}: the name is there twice")
        try:
            found[name] = accepted(hash_)
        except UnusableHash as error:
            raise BadPasswordFile(f"line {number}: {error}") from None
    return found


def written_password_file(passwords: dict[str, str]) -> str:
    """The text for these, in their order. Without any it is a remark: an empty file would be refused, as one that is
    just being written, and whoever was removed last would stay in."""
    return "".join(f"{name}:{hash_}\n" for name, hash_ in passwords.items()) or "# nobody\n"
