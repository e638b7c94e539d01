"""Every route becomes complete: its own keys, then those of its profiles (the last one first), then of `defaults`.

Keys are taken whole: what a route says under `rate_limit` replaces what it would inherit there.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from hotgate.config.position import SourceList, SourceMap

# A key of a group switches off what is inherited under the group's other keys.
_ALTERNATIVES = (("upstream", "redirect", "respond"), ("authenticate", "public"))
# `null` switches an inherited key off, but not these: an empty `authenticate:` is a slip, and must not open a route.
_NEVER_NULL = frozenset({"name", "match", "profiles", "authenticate", "public"})
_OF_ROUTES_ONLY = frozenset({"name", "match", "profiles"})


def merge_routes(tree: SourceMap) -> None:
    """Replace the routes of `tree` by complete ones. Parts that are not of the right kind stay for validation."""
    routes = tree.get("routes")
    profiles = tree.get("profiles")
    defaults = tree.get("defaults")
    if isinstance(routes, SourceList):
        known = profiles if isinstance(profiles, SourceMap) else {}
        for index, route in enumerate(routes):
            if isinstance(route, SourceMap):
                routes[index] = _complete(route, [defaults, *_chosen(route, known)])
    for part in (defaults, *(profiles.values() if isinstance(profiles, SourceMap) else ())):
        if isinstance(part, SourceMap):
            _drop_nulls(part)


def _chosen(route: SourceMap, profiles: Mapping[str, Any]) -> list[Any]:
    names = route.get("profiles")
    if not isinstance(names, SourceList):
        return []
    return [profiles[name] for name in names if isinstance(name, str) and name in profiles]


def _complete(route: SourceMap, inherited: Iterable[Any]) -> SourceMap:
    merged = SourceMap(route.position)
    for layer in inherited:
        if isinstance(layer, SourceMap):
            _lay_over(merged, layer, [key for key in layer if key not in _OF_ROUTES_ONLY])
    _lay_over(merged, route, list(route))
    _drop_nulls(merged)
    return merged


def _lay_over(merged: SourceMap, layer: SourceMap, keys: list[str]) -> None:
    for group in _ALTERNATIVES:
        stated = [key for key in group if key in keys and _is_stated(key, layer[key])]
        if stated:
            for key in group:
                merged.discard(key)
    for key in keys:
        merged.adopt(layer, key)


def _is_stated(key: str, value: Any) -> bool:
    """Whether a key replaces its alternatives. `public: false` must not take an inherited `authenticate` away."""
    return value in (True, "true") if key == "public" else value is not None


def _drop_nulls(part: SourceMap) -> None:
    for key in [key for key, value in part.items() if value is None and key not in _NEVER_NULL]:
        part.discard(key)
