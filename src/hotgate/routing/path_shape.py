"""The path forms of a route, parsed: `/orders`, `/orders/{id}`, `/files/*`."""

import re
import string
from dataclasses import dataclass
from urllib.parse import quote, unquote

from hotgate.http.targets import BadTarget, canonical

MAX_SEGMENTS = 64  # a look-up goes one call deeper for each

_ASCII_TEXT = string.ascii_letters + string.digits + string.punctuation
_parameter = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}").fullmatch


class BadPattern(ValueError):
    """A pattern that no request could match, or whose meaning is open. The text is for the author of the file."""


@dataclass(frozen=True, slots=True)
class PathShape:
    """segments: percent-decoded literals, None for a parameter. has_rest: it ends in `/*`.

    parameters: (index in `canonical_path.split("/")`, name). exact: the canonical path of one without either.
    Literals are compared decoded, so that `/a%3Ab` cannot slip past a route for `/a:b`.
    """

    segments: tuple[str | None, ...]
    has_rest: bool
    parameters: tuple[tuple[int, str], ...]
    exact: str | None


def parse_path(path: str) -> PathShape:
    """Parse a path of the file.

    `{name}` is one whole segment, not empty. A last `/*` takes whatever follows, and nothing: `/files/*` matches
    `/files`, `/files/` and `/files/a/b`, like the prefix matches of Envoy and the Kubernetes Gateway API, lest a rule
    for `/admin/*` leave `/admin` to another route. A trailing slash counts. Raises BadPattern.
    """
    if not path.startswith("/"):
        raise BadPattern("a path starts with a slash")
    written = path[1:].split("/")
    has_rest = written[-1] == "*"
    if has_rest:
        written.pop()
    if len(written) > MAX_SEGMENTS:
        raise BadPattern(f"a path has at most {MAX_SEGMENTS} segments")
    if "" in (written if has_rest else written[:-1]):
        raise BadPattern("an empty segment matches nothing: doubled slashes of requests become one")
    parameters = _parameters(written)
    literals = [None if _parameter(segment) else _canonical_literal(segment) for segment in written]
    exact = None if has_rest or parameters else "/" + "/".join(literal or "" for literal in literals)
    segments = tuple(None if literal is None else unquote(literal) for literal in literals)
    return PathShape(segments, has_rest, parameters, exact)


def _parameters(written: list[str]) -> tuple[tuple[int, str], ...]:
    found = tuple((index, match[1]) for index, segment in enumerate(written, 1) if (match := _parameter(segment)))
    if len({name for _, name in found}) < len(found):
        raise BadPattern("a path gives each parameter its own name")
    return found


def _canonical_literal(segment: str) -> str:
    if "*" in segment or "{" in segment or "}" in segment:
        raise BadPattern(
            "`*` stands alone and last, `{name}` is a whole segment; write the characters as %2A, %7B, %7D"
        )
    if ";" in segment:
        raise BadPattern("matrix parameters (`;`) cannot be matched")
    if "?" in segment:
        raise BadPattern("a path holds no query; use `query` to match one")
    if unquote(segment) in (".", ".."):
        raise BadPattern("a dot segment matches nothing: those of requests are resolved")
    try:
        path, _ = canonical(b"/" + quote(segment, safe=_ASCII_TEXT).encode("ascii"))
    except BadTarget as error:
        raise BadPattern(error.reason) from None
    return path[1:]
