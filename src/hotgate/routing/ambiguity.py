"""Finds pairs of routes that match the same request equally well. The table must not depend on the order of a file."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from hotgate.routing.pattern import RoutePattern

_MAX_REPORTED = 1000  # a thousand equal routes make half a million pairs; nobody reads that far

_Key = tuple[str, str | bytes]


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """Two routes, by name in the order given, and a sentence that says why neither wins."""

    first: str
    second: str
    why: str


class AmbiguousRoutes(ValueError):
    """A table with routes of which neither is more specific. `pairs` holds all of them, up to a thousand."""

    def __init__(self, pairs: Sequence[Ambiguity]) -> None:
        super().__init__("\n".join(pair.why for pair in pairs))
        self.pairs = tuple(pairs)


def ambiguities(groups: Iterable[tuple[str, Sequence[RoutePattern]]]) -> list[Ambiguity]:
    """What is ambiguous within groups of routes that share (host, path form); the host is "" for any.

    Routes of different groups never are: where both match, host or path says which is more specific. The cost is
    linear unless many routes of one path have nothing in common that tells them apart.
    """
    found: dict[tuple[int, int], Ambiguity] = {}
    for host, patterns in groups:
        for first, second in _equally_specific(patterns):
            found.setdefault((id(first), id(second)), _explained(host, first, second))
            if len(found) >= _MAX_REPORTED:
                return list(found.values())
    return list(found.values())


def _equally_specific(patterns: Sequence[RoutePattern]) -> Iterator[tuple[RoutePattern, RoutePattern]]:
    """Pairs with a method in common, as many conditions, and conditions that one request can meet."""
    if len(patterns) < 2:
        return
    rivals: defaultdict[tuple[str, int], list[RoutePattern]] = defaultdict(list)
    for pattern in patterns:
        for method in sorted(pattern.methods) or ("",):
            rivals[method, len(pattern.conditions or ())].append(pattern)
    for bucket in rivals.values():
        yield from _compatible([(pattern, _required(pattern)) for pattern in bucket], frozenset())


def _compatible(
    rivals: Sequence[tuple[RoutePattern, dict[_Key, str | bytes | None]]], compared: frozenset[_Key]
) -> Iterator[tuple[RoutePattern, RoutePattern]]:
    """Split by a value that all of them require, as long as there is one; compare pairwise what is left."""
    if len(rivals) < 2:
        return
    common = next((key for key in rivals[0][1] if key not in compared and all(r.get(key) for _, r in rivals)), None)
    if common is None:
        for (first, one), (second, other) in combinations(rivals, 2):
            if not _contradict(one, other):
                yield first, second
        return
    by_value: defaultdict[str | bytes | None, list[tuple[RoutePattern, dict[_Key, str | bytes | None]]]]
    by_value = defaultdict(list)
    for rival in rivals:
        by_value[rival[1][common]].append(rival)
    for part in by_value.values():
        yield from _compatible(part, compared | {common})


def _required(pattern: RoutePattern) -> dict[_Key, str | bytes | None]:
    return {} if pattern.conditions is None else pattern.conditions.by_name()


def _contradict(one: dict[_Key, str | bytes | None], other: dict[_Key, str | bytes | None]) -> bool:
    """Whether they require different values of one name; a value is the only one of its name (`Conditions`)."""
    return any(None not in (value, other.get(key)) and value != other[key] for key, value in one.items())


def _explained(host: str, first: RoutePattern, second: RoutePattern) -> Ambiguity:
    methods = ", ".join(sorted(first.methods & second.methods)) or "any method"
    where = f"{methods} at {host or 'any host'}{second.path}"
    conditions = ", with conditions that one request can meet" if first.conditions else ""
    why = f"routes {first.name} and {second.name} both match {where}{conditions}; neither is more specific"
    return Ambiguity(first.name, second.name, why)
