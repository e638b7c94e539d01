"""Where requests name a version. What could be read as another version than the gateway reads is AMBIGUOUS: who sends
a name twice, or hides one, would have the policies of one version and be answered by another.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from hotgate.config.apis import VersionPlace, plain_version
from hotgate.http.bounded_cache import BoundedCache
from hotgate.http.request import Request
from hotgate.http.reserved import spelling
from hotgate.routing.conditions import query_parameters

NOTHING = ""
AMBIGUOUS = "?"  # no version has this name

Read = Callable[[Request], str]
"""The plain version that is named there, NOTHING or AMBIGUOUS."""

_PARAMETER = re.compile(r';[ \t]*version=("?)([A-Za-z0-9.-]{1,64})\1[ \t]*(?=;|\Z)', re.IGNORECASE)
_QUOTED = re.compile(r'"([^"]*)"')
_NO_WEIGHT = re.compile(r";[ \t]*q=0(\.0{0,3})?[ \t]*(?=;|\Z)", re.IGNORECASE)  # RFC 9110 §12.4.2


def read_place(place: VersionPlace, names: Iterable[str]) -> Read:
    """The reader of one place. names: of the versions."""
    if place.header is not None:
        return _header(place.header.lower().encode("ascii"))
    if place.query is not None:
        return _query(place.query.lower())
    return _accept((place.media_type or "").lower(), names)


def _one_of(values: list[str]) -> str:
    """Servers disagree on which of two counts, also if they are equal now."""
    if not values:
        return NOTHING
    return plain_version(values[0]) or NOTHING if len(values) == 1 else AMBIGUOUS


def _header(name: bytes) -> Read:
    spelled, length = spelling(name), len(name)

    def read(request: Request) -> str:
        """A name that some backend takes for the same counts as well."""
        values = [
            value.decode("latin-1")
            for field, value in request.headers.fields
            if field == name or (len(field) == length and spelling(field) == spelled)
        ]
        return _one_of(values)

    return read


def _query(name: str) -> Read:
    def values_of(parameters: Mapping[str, list[str]]) -> list[str]:
        return [value for key, values in parameters.items() if key.lower() == name for value in values]

    def is_read_otherwise(query: bytes, values: list[str]) -> bool:
        parameters = query_parameters(query.replace(b";", b"&"))
        return not parameters or values_of(parameters) != values

    def read(request: Request) -> str:
        """Names in any case, for some servers compare them so; and some take `;` for `&`."""
        query = request.query
        if not query:
            return NOTHING
        parameters = query_parameters(query)
        if not parameters:
            return AMBIGUOUS if query.strip(b"&") else NOTHING  # it cannot be read, or has too many
        values = values_of(parameters)
        return AMBIGUOUS if b";" in query and is_read_otherwise(query, values) else _one_of(values)

    return read


def _accept(media_type: str, names: Iterable[str]) -> Read:
    name = "|".join(["v?[0-9][a-z0-9.-]*", *map(re.escape, names)])
    named = re.compile(rf"{re.escape(media_type)}(?:\.({name}))?(?:\+[a-z0-9.-]+)?", re.IGNORECASE)

    def named_by(value: bytes) -> frozenset[str]:
        text = value.decode("latin-1")
        if '"' in text and _hides_something(text):
            return frozenset((AMBIGUOUS,))
        return frozenset(version for each in text.split(",") if (version := _version_of(each, named)))

    known = BoundedCache(named_by, max_entries=1024, max_key_bytes=256)

    def read(request: Request) -> str:
        """Of ranges that name different versions the backend might prefer another one than we do."""
        found = {version for name, value in request.headers.fields if name == b"accept" for version in known[value]}
        if len(found) > 1:
            return AMBIGUOUS
        return found.pop() if found else NOTHING

    return read


def _hides_something(text: str) -> bool:
    """Whether a separator is within quotes, where not everybody sees them (RFC 9110 §5.6.4)."""
    return text.count('"') % 2 == 1 or any(set(quoted) & set(",;\\") for quoted in _QUOTED.findall(text))


def _version_of(media_range: str, named: re.Pattern[str]) -> str:
    """The version in one media range, as text that may be that of no version."""
    essence, _, parameters = media_range.strip(" \t").partition(";")
    match = named.fullmatch(essence.strip(" \t"))
    if match is None:
        return NOTHING
    said = [match[1]] if match[1] else []
    written = _PARAMETER.findall(f";{parameters}")
    said += [value for _, value in written]
    is_unwanted = bool(said) and _NO_WEIGHT.search(f";{parameters}")
    if is_unwanted or parameters.lower().count("version") != len(written):
        return AMBIGUOUS
    return _one_of(said)
