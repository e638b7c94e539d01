"""Names of roles, policies and receivers that must exist, and roles that inherit in a circle. Looked up in the tree."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from hotgate.config.position import Path, SourceList, SourceMap
from hotgate.config.references import Finding, route_parts, unknown_name

_ROLES = ("authorization", "roles")
_POLICIES = ("authorization", "policies")
_CLAIMS = ("authorization", "claims")
_FITTING: Mapping[str, tuple[type, ...]] = {  # values of `given_to` that a claim of this kind can have, or hold
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
    yield from _receivers_who_are_nobody(tree)
    known = _mapping(tree, *_POLICIES)
    for path, name in _named_policies(tree):
        if name not in known:
            yield unknown_name(path, name, "policy", known, "authorization.policies")


def unused_policies(tree: SourceMap) -> Iterator[Finding]:
    """Policies that no route names: nothing is known of their conditions, for a route says what they may look at."""
    used = {name for _, name in _named_policies(tree)}
    for name in _mapping(tree, *_POLICIES):
        if name not in used:
            message = f"policy '{name}' is not used by any route, and so its conditions are not checked"
            yield Finding((*_POLICIES, name), message, is_key=True)


def _unknown_roles(tree: SourceMap) -> Iterator[Finding]:
    roles = _mapping(tree, *_ROLES)
    for name in roles:
        for index, parent in enumerate(_parents(roles, name)):
            if parent not in roles:
                yield unknown_name((*_ROLES, name, "inherits", index), parent, "role", roles, "authorization.roles")


def _receivers_who_are_nobody(tree: SourceMap) -> Iterator[Finding]:
    """Entries of `given_to` that can fit no caller: of no entry of `identity`, or with claims that are not declared."""
    providers, claims = _mapping(tree, "identity"), _mapping(tree, *_CLAIMS)
    for path, receiver in _receivers(tree):
        provider = receiver.get("provider")
        if isinstance(provider, str) and provider not in providers:
            yield unknown_name((*path, "provider"), provider, "identity", providers, "identity")
        for name, value in _mapping(receiver, "claim").items() if claims else ():
            if name not in claims:
                unknown = unknown_name((*path, "claim", name), name, "claim", claims, ".".join(_CLAIMS))
                yield replace(unknown, is_key=True)
            elif type(value) not in _FITTING.get(kind := str(claims[name]), (type(value),)):
                yield Finding((*path, "claim", name), f"the claim is declared as {kind}, so this never fits")


def _receivers(tree: SourceMap) -> Iterator[tuple[Path, SourceMap]]:
    for name, role in _mapping(tree, *_ROLES).items():
        given_to = role.get("given_to") if isinstance(role, SourceMap) else None
        for index, receiver in enumerate(given_to if isinstance(given_to, SourceList) else ()):
            if isinstance(receiver, SourceMap):
                yield (*_ROLES, name, "given_to", index), receiver


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


def _named_policies(tree: SourceMap) -> Iterator[tuple[Path, str]]:
    """The names of policies in routes, `defaults` and profiles, each with its path."""
    for path, part in route_parts(tree):
        authorize = part.get("authorize")
        if isinstance(authorize, SourceMap):
            yield from _listed((*path, "authorize", "policies"), authorize)
            methods = _mapping(authorize, "methods")
            for method, rules in methods.items():
                if isinstance(rules, SourceMap):
                    yield from _listed((*path, "authorize", "methods", method, "policies"), rules)


def _listed(path: Path, rules: SourceMap) -> Iterator[tuple[Path, str]]:
    names = rules.get("policies")
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
