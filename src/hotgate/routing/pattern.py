"""Which requests a route is for: the `match` of the file, checked and in canonical form."""

import re
from dataclasses import dataclass, field

from hotgate.http.headers import InvalidHeader, valid_field
from hotgate.http.targets import BadTarget, host_of
from hotgate.routing.conditions import Conditions, Required
from hotgate.routing.path_shape import BadPattern, PathShape, parse_path
from hotgate.routing.version import VersionCondition

_method = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Z]+").fullmatch  # RFC 9110 §9.1: a token; upper case by custom


@dataclass(frozen=True, slots=True)
class RoutePattern:
    """name: the route's. hosts: exact or `*.example.com` (one label or more before the dot); none: any host.

    path: as `parse_path` reads it. methods: none: any; GET includes HEAD. headers, query: (name, value), or
    (name, None) if its presence is enough. version: of an API. Hosts, methods and literals may be written in any case
    and escaping that means the same. Raises BadPattern.
    """

    name: str
    hosts: tuple[str, ...] = ()
    path: str = "/*"
    methods: frozenset[str] = frozenset()
    headers: tuple[Required, ...] = ()
    query: tuple[Required, ...] = ()
    version: VersionCondition | None = field(default=None, compare=False)
    shape: PathShape = field(init=False, repr=False, compare=False)
    conditions: Conditions | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        canonical_form = {
            "hosts": tuple(dict.fromkeys(_canonical_host(host) for host in self.hosts)),
            "methods": frozenset(_canonical_method(method) for method in self.methods),
            "shape": parse_path(self.path),
            "conditions": _checked_conditions(self.headers, self.query, self.version),
        }
        for name, value in canonical_form.items():
            object.__setattr__(self, name, value)  # frozen for everybody else


def _canonical_host(host: str) -> str:
    wildcard, name = ("*.", host[2:]) if host.startswith("*.") else ("", host)
    if host == "*":
        raise BadPattern("for any host, leave `hosts` out")
    try:
        canonical = host_of(name.encode("ascii"))
    except UnicodeEncodeError:
        raise BadPattern("write an internationalised host in its ASCII form (xn--…)") from None
    except BadTarget as error:
        raise BadPattern(f"{error.reason}; wildcards look like `*.example.com`") from None
    if re.search(r":[0-9]+\Z", name.rpartition("]")[2]):
        raise BadPattern("hosts are matched without their port")
    return wildcard + canonical


def _canonical_method(method: str) -> str:
    if not _method(method.upper()):
        raise BadPattern("a method is a token (RFC 9110, section 9.1)")
    return method.upper()


def _checked_conditions(
    headers: tuple[Required, ...], query: tuple[Required, ...], version: VersionCondition | None
) -> Conditions | None:
    for names in ([name.lower() for name, _ in headers], [name for name, _ in query]):
        if len(set(names)) < len(names):
            raise BadPattern("a condition on one name is given once")
    try:
        for name, value in headers:
            valid_field(name.encode("latin-1"), (value or "").encode("latin-1"))
    except (InvalidHeader, UnicodeEncodeError):
        raise BadPattern("a header condition names a field, with a value that can be sent") from None
    return Conditions(headers, query, version) if headers or query or version else None
