"""What is different in a second configuration: routes that came, went or changed, and other top-level parts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hotgate.config.loader import Loaded
from hotgate.runtime.explaining.places import place_of

# Those by name, of which each is told; the rest is told of by its key alone.
_NAMED = ("upstreams", "identity", "security_events")
_PARTS_OF_ROUTES = ("routes", "defaults", "profiles")  # routes are complete by themselves


@dataclass(frozen=True, slots=True)
class KeyChange:
    """kind: `added`, `removed` or `changed`. what: as `route orders`. keys: which of its keys differ."""

    kind: str
    what: str
    keys: tuple[str, ...]
    at: str


def changed_keys(old: Loaded, new: Loaded) -> Iterator[KeyChange]:
    """In the order of the new file, what is gone at the end of each part."""
    yield from _changes("route", old, new, _routes(old), _routes(new), _places(old), _places(new))
    for part in _NAMED:
        before, after = old.tree.get(part) or {}, new.tree.get(part) or {}
        paths = {name: (part, name) for name in (*before, *after)}
        yield from _changes(part, old, new, before, after, paths, paths)
    for part in dict.fromkeys((*new.tree, *old.tree)):
        if part in (*_NAMED, *_PARTS_OF_ROUTES) or old.tree.get(part) == new.tree.get(part):
            continue
        kind = "added" if part not in old.tree else "removed" if part not in new.tree else "changed"
        yield KeyChange(kind, part, (), place_of(old if kind == "removed" else new, (part,)))


def _changes(
    what: str,
    old: Loaded,
    new: Loaded,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    old_paths: Mapping[str, tuple[str | int, ...]],
    new_paths: Mapping[str, tuple[str | int, ...]],
) -> Iterator[KeyChange]:
    for name, value in after.items():
        at = place_of(new, new_paths[name])
        if name not in before:
            yield KeyChange("added", f"{what} {name}", (), at)
        elif value != before[name]:
            yield KeyChange("changed", f"{what} {name}", _differing(before[name], value), at)
    for name in before:
        if name not in after:
            yield KeyChange("removed", f"{what} {name}", (), place_of(old, old_paths[name]))


def _differing(before: Any, after: Any) -> tuple[str, ...]:
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return ()
    return tuple(key for key in dict.fromkeys((*after, *before)) if before.get(key) != after.get(key))


def _routes(loaded: Loaded) -> dict[str, Any]:
    """Complete ones, as defaults and profiles have made them."""
    return {route["name"]: route for route in loaded.tree.get("routes") or ()}


def _places(loaded: Loaded) -> dict[str, tuple[str | int, ...]]:
    return {route.name: ("routes", index) for index, route in enumerate(loaded.config.routes)}
