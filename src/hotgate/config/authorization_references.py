"""Names of roles, policies and claims that must exist, and roles that inherit in a circle. Looked up in the tree."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches

from hotgate.config.position import Path, SourceList, SourceMap
from hotgate.config.references import Finding, route_parts, unknown_name

_ROLES = ("authorization", "roles")
_POLICIES = ("authorization", "policies")
_CLAIMS = ("authorization", "claims")
_FITTING: Mapping[str, tuple[type, ...]] = {  # values that a claim of this kind can have, or hold
    "string": (str,),
    "int": (int,),
    "double": (int,),
    "bool": (bool,),
    "list": (str, int, bool),
    "map": (),
}


def wrong_authorization(tree: SourceMap) -> Iterator[Finding]:
    """Every error of this kind."""
    yield from _unknown_roles(tree)
    yield from _circles(tree)
    yield from _unknown_providers(tree)
    yield from _claims_that_nobody_has(tree)
    known = _mapping(tree, *_POLICIES)
    for path, name in _named(tree, "policies"):
        if name not in known:
            yield unknown_name(path, name, "policy", known, "authorization.policies")


def unused_policies(tree: SourceMap) -> Iterator[Finding]:
    """Policies that no route names: nothing is known of their conditions, for a route says what they may look at."""
    used = {name for _, name in _named(tree, "policies")}
    for name in _mapping(tree, *_POLICIES):
        if name not in used:
            message = f"policy '{name}' is not used by any route, and so its conditions are not checked"
            yield Finding((*_POLICIES, name), message, is_key=True)


def misspelt_roles(tree: SourceMap) -> Iterator[Finding]:
    """Roles of routes that are like one of the file. Callers may have roles of their own, but seldom such ones."""
    known = _mapping(tree, *_ROLES)
    for path, name in _named(tree, "roles"):
        if name not in known and (close := get_close_matches(name[:100], known, 1)):
            message = f"there is no role '{name[:100]}' under `{'.'.join(_ROLES)}`"
            yield Finding(path, message, f"did you mean '{close[0]}'? If credentials name it, define it there as {{}}")


def _unknown_roles(tree: SourceMap) -> Iterator[Finding]:
    roles = _mapping(tree, *_ROLES)
    for name in roles:
        for index, parent in enumerate(_parents(roles, name)):
            if parent not in roles:
                yield unknown_name((*_ROLES, name, "inherits", index), parent, "role", roles, "authorization.roles")


def _unknown_providers(tree: SourceMap) -> Iterator[Finding]:
    known = _mapping(tree, "identity")
    for path, receiver in _receivers(tree):
        provider = receiver.get("provider")
        if isinstance(provider, str) and provider not in known:
            yield unknown_name((*path, "provider"), provider, "identity", known, "identity")


def _claims_that_nobody_has(tree: SourceMap) -> Iterator[Finding]:
    """Where claims are declared: others, and values that a claim of its kind cannot have. They would fit no caller."""
    declared = _mapping(tree, *_CLAIMS)
    for path, fitting in (*_receivers(tree), *_sides_of_releases(tree)) if declared else ():
        for name, value in _mapping(fitting, "claim").items():
            place = (*path, "claim", name)
            if name not in declared:
                yield replace(unknown_name(place, name, "claim", declared, ".".join(_CLAIMS)), is_key=True)
            elif type(value) not in _FITTING.get(kind := str(declared[name]), (type(value),)):
                yield Finding(place, f"the claim is declared as {kind}, so this never fits")


def _receivers(tree: SourceMap) -> Iterator[tuple[Path, SourceMap]]:
    for name, role in _mapping(tree, *_ROLES).items():
        yield from _mappings_in((*_ROLES, name, "given_to"), role)


def _sides_of_releases(tree: SourceMap) -> Iterator[tuple[Path, SourceMap]]:
    for path, part in route_parts(tree):
        yield from _mappings_in((*path, "release", "rules"), part.get("release"))


def _mappings_in(path: Path, holder: object) -> Iterator[tuple[Path, SourceMap]]:
    """Those in the list that stands in `holder` under the last key of the path."""
    found = holder.get(str(path[-1])) if isinstance(holder, SourceMap) else None
    for index, each in enumerate(found if isinstance(found, SourceList) else ()):
        if isinstance(each, SourceMap):
            yield (*path, index), each


def _circles(tree: SourceMap) -> Iterator[Finding]:
    """One error for each circle, at the role of it that the file names first."""
    roles = _mapping(tree, *_ROLES)
    told: set[str] = set()
    for name in roles:
        if name not in told and (circle := _way_back(roles, name)):
            told.update(circle)
            way = " → ".join(f"'{each[:100]}'" for each in (*circle, name))
            yield Finding((*_ROLES, name, "inherits"), f"roles inherit from each other: {way}")


def _way_back(roles: SourceMap, start: str) -> list[str]:
    """The roles on a way from `start` to itself; none if there is no way. Each role is visited once."""
    came_from: dict[str, str] = {}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        for parent in _parents(roles, name):
            if parent == start:
                return _way(came_from, start, name)
            if parent in roles and parent not in came_from:
                came_from[parent] = name
                waiting.append(parent)
    return []


def _way(came_from: Mapping[str, str], start: str, end: str) -> list[str]:
    way = [end]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    return way[::-1]


def _parents(roles: SourceMap, name: str) -> list[str]:
    role = roles.get(name)
    parents = role.get("inherits") if isinstance(role, SourceMap) else None
    return [str(each) for each in parents] if isinstance(parents, SourceList) else []


def _named(tree: SourceMap, key: str) -> Iterator[tuple[Path, str]]:
    """The names under a key of `authorize`, for all methods or one, in routes, `defaults` and profiles; each with its
    path.
    """
    for path, part in route_parts(tree):
        authorize = part.get("authorize")
        if isinstance(authorize, SourceMap):
            yield from _listed((*path, "authorize", key), authorize)
            methods = _mapping(authorize, "methods")
            for method, rules in methods.items():
                if isinstance(rules, SourceMap):
                    yield from _listed((*path, "authorize", "methods", method, key), rules)


def _listed(path: Path, rules: SourceMap) -> Iterator[tuple[Path, str]]:
    names = rules.get(str(path[-1]))
    if isinstance(names, SourceList):
        yield from (((*path, index), name) for index, name in enumerate(names) if isinstance(name, str))


def _mapping(tree: SourceMap, *keys: str) -> SourceMap:
    """The mapping at these keys; an empty one where there is none."""
    found = tree
    for key in keys:
        below = found.get(key)
        if not isinstance(below, SourceMap):
            return SourceMap(tree.position)
        found = below
    return found
