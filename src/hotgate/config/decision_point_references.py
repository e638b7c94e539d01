"""Names of decision points and of the upstreams that they ask. Looked up in the tree, as others."""

from collections.abc import Iterator

from hotgate.config.position import Path, SourceList, SourceMap
from hotgate.config.references import Finding, route_parts, unknown_name

_PLACE = ("authorization", "decision_points")


def wrong_decision_points(tree: SourceMap) -> Iterator[Finding]:
    """Names of either that do not exist."""
    points, upstreams = _points(tree), tree.get("upstreams")
    for path, name in _named_by_routes(tree):
        if name not in points:
            yield unknown_name(path, name, "decision point", points, ".".join(_PLACE))
    known = upstreams if isinstance(upstreams, SourceMap) else SourceMap(tree.position)
    for path, name in asked_upstreams(tree):
        if name not in known:
            yield unknown_name(path, name, "upstream", known, "upstreams")


def unused_decision_points(tree: SourceMap) -> Iterator[Finding]:
    """Points that no route names: nothing is known of their questions, for a route says what they may look at."""
    used = {name for _, name in _named_by_routes(tree)}
    for name in _points(tree):
        if name not in used:
            message = f"decision point '{name}' is not asked by any route, and so its expressions are not checked"
            yield Finding((*_PLACE, name), message, is_key=True)


def asked_upstreams(tree: SourceMap) -> Iterator[tuple[Path, str]]:
    """The upstreams that decision points ask, each with its path."""
    for name, point in _points(tree).items():
        for kind, settings in point.items() if isinstance(point, SourceMap) else ():
            asked = settings.get("upstream") if isinstance(settings, SourceMap) else None
            if isinstance(asked, str):
                yield (*_PLACE, name, kind, "upstream"), asked


def _named_by_routes(tree: SourceMap) -> Iterator[tuple[Path, str]]:
    """The points that routes, profiles and `defaults` name, each with its path."""
    for path, part in route_parts(tree):
        authorize = part.get("authorize")
        asked = authorize.get("decide") if isinstance(authorize, SourceMap) else None
        for index, each in enumerate(asked if isinstance(asked, SourceList) else ()):
            place = (*path, "authorize", "decide", index)
            if isinstance(each, str):
                yield place, each
            elif isinstance(each, SourceMap) and isinstance(each.get("point"), str):
                yield (*place, "point"), each["point"]


def _points(tree: SourceMap) -> SourceMap:
    authorization = tree.get("authorization")
    points = authorization.get("decision_points") if isinstance(authorization, SourceMap) else None
    return points if isinstance(points, SourceMap) else SourceMap(tree.position)
