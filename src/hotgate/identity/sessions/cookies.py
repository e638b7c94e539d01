"""The cookies of an entry: values too long for one are spread over several, and what is left over is cleared.

All are `__Host-` cookies (RFC 6265bis §4.1.3.2): with Secure, for this host only, for all of its paths. So neither a
neighbouring host nor a connection without TLS can plant one. A backend gets none of them (`without_own`).
"""

from collections.abc import Iterable, Mapping
from typing import Literal

from hotgate.http.headers import Field
from hotgate.http.request import Request

PREFIX = "__Host-hotgate-"
MAX_CHUNK = 3800  # bytes; browsers store 4,096 of a name and its value together (RFC 6265 §6.1)
MAX_CHUNKS = 4

SameSite = Literal["lax", "strict"]

_COOKIE, _SET_COOKIE = b"cookie", b"set-cookie"
_MARK = PREFIX.encode("ascii")
# Not in a name (RFC 6265 §4.1.1): parsers of backends trim it, and would take what was not seen here. Browsers do not:
# for them such a name does not begin with `__Host-`, and a neighbour may set it. So it is never one of ours either.
_AROUND_NAMES = bytes(byte for byte in range(256) if not 0x20 < byte < 0x7F or byte == 0x22)


class TooLarge(Exception):
    """The value does not fit into cookies."""


def own_cookies(request: Request, name: str) -> dict[str, bytes] | None:
    """The cookies whose name is `name`, or begins with it and `~`, by what comes behind; None if one is there twice.

    Two of a name are a sign that somebody has planted one; nobody knows which.
    """
    wanted = name.encode("ascii")
    found: dict[str, bytes] = {}
    for value in request.headers.get_all(_COOKIE):
        if _MARK not in value:
            continue
        for pair in value.split(b";"):
            if _MARK not in pair:
                continue
            given, _, content = pair.partition(b"=")
            given = given.strip(b" \t")
            if given != wanted and not given.startswith(wanted + b"~"):
                continue
            part = given[len(wanted) :].decode("ascii", "replace").removeprefix("~")
            if part in found:
                return None
            found[part] = content.strip(b" \t")
    return found


def without_own(request: Request) -> None:
    """Take all cookies of the gateway out of a request, and leave the others."""
    fields = request.headers.fields
    if any(name == _COOKIE and _MARK in value for name, value in fields):
        changed = [(name, _others(value) if name == _COOKIE else value) for name, value in fields]
        request.headers.fields = [field for field in changed if field[0] != _COOKIE or field[1]]


def _others(value: bytes) -> bytes:
    return b";".join(pair for pair in value.split(b";") if not pair.strip(_AROUND_NAMES).startswith(_MARK)).strip(b" ")


def set_cookie(name: str, value: bytes, same_site: SameSite, max_age: int | None = None) -> Field:
    """The field that sets a cookie. max_age: seconds; None until the browser is closed."""
    life = b"" if max_age is None else b"; Max-Age=%d" % max_age
    attributes = b"; Path=/; Secure; HttpOnly; SameSite=%b" % same_site.capitalize().encode("ascii")
    return _SET_COOKIE, b"%b=%b%b%b" % (name.encode("ascii"), value, attributes, life)


def clear_cookie(name: str) -> Field:
    """The field that removes a cookie."""
    return set_cookie(name, b"", "lax", 0)


def joined(parts: Mapping[str, bytes]) -> bytes | None:
    """The value that was spread over the cookies of an entry; None if there is none, or a part is missing.

    The first cookie says how many there are. Parts of two values are found out by whoever opens the seal.
    """
    first = parts.get("")
    if first is None or first[1:2] != b"." or not b"1" <= first[:1] <= b"%d" % MAX_CHUNKS:
        return None
    rest = [parts.get(str(number)) for number in range(1, int(first[:1]))]
    return None if None in rest else first[2:] + b"".join(part for part in rest if part is not None)


def spread(name: str, value: bytes, same_site: SameSite, present: Iterable[str]) -> tuple[Field, ...]:
    """The fields that set a value, and clear what is left of a longer one. present: parts that the browser has.

    Raises TooLarge.
    """
    chunks = [value[start : start + MAX_CHUNK] for start in range(0, len(value), MAX_CHUNK)]
    if len(chunks) > MAX_CHUNKS:
        raise TooLarge(f"{len(value)} bytes do not fit into {MAX_CHUNKS} cookies")
    chunks[0] = b"%d." % len(chunks) + chunks[0]
    fields = [set_cookie(part_name(name, number), chunk, same_site) for number, chunk in enumerate(chunks)]
    numbers = {str(number) for number in range(1, MAX_CHUNKS)}
    stale = [part for part in present if part in numbers and int(part) >= len(chunks)]
    return (*fields, *(clear_cookie(f"{name}~{part}") for part in stale))


def part_name(name: str, number: int) -> str:
    """What the cookie of a chunk is called."""
    return f"{name}~{number}" if number else name
