"""Routes of which neither is more specific, as mistakes at the place in the file that has made the second."""

from collections.abc import Iterator, Mapping

from hotgate.config.gateway import Gateway
from hotgate.routing.ambiguity import AmbiguousRoutes

Path = tuple[str | int, ...]

# The gateway's own paths, by what their routes are called (`pipeline/gateway_endpoint.py`).
_SECTIONS = {"identity": "identity", "events": "security_events"}
_WITHOUT_VERSION = "; give every route of this path a `version`, or more conditions"
_OWN_PATH = "; give it another `path`"
_OWN_RESOURCE = "; write `resource` the same in both, or let their paths differ"


def ambiguous_places(config: Gateway, error: AmbiguousRoutes) -> Iterator[tuple[Path, str]]:
    """The key and what is wrong with it. An entry with many paths is told of the first alone: they differ together."""
    index_of = {settings.name: index for index, settings in enumerate(config.routes)}
    told: set[tuple[str, str]] = set()
    for pair in error.pairs:
        if (pair.first, pair.second) not in told:
            told.add((pair.first, pair.second))
            path, advice = _place(pair.second, index_of)
            yield path, f"as specific as route {pair.first!r}: {pair.why}{advice}"


def _place(name: str, index_of: Mapping[str, int]) -> tuple[Path, str]:
    kind, _, own = name.partition(":")
    if name in index_of:
        return ("routes", index_of[name], "match"), ""
    if kind == "api":
        return ("apis", own), _WITHOUT_VERSION
    if kind in _SECTIONS:
        return (_SECTIONS[kind], own), _OWN_PATH
    return ("routes", index_of[own], "protected_resource"), _OWN_RESOURCE
