"""What no model can see alone: names that must exist or be unique, and addresses that must not be shared.

Everything is looked up in the tree, not in the models, so that these errors come together with all others.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic_core import PydanticCustomError

from hotgate.config.addresses import Bind
from hotgate.config.admin import Admin
from hotgate.config.binds import AnyBind, parse_any_bind
from hotgate.config.position import Path, Position, SourceList, SourceMap, find
from hotgate.config.routes import NEITHER_PUBLIC_NOR_NOT

_NAMES_IN_ROUTES = (
    ("upstream", "upstreams"),
    ("authenticate", "identity"),
    ("profiles", "profiles"),
    ("version", "apis"),
)
_WORD = {"upstreams": "upstream", "identity": "identity", "profiles": "profile", "apis": "API"}
_EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104  (compared with, not bound to)


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem at a path of the tree. is_key: about the key, not its value. is_member: said by a union's member."""

    path: Path
    message: str
    hint: str = ""
    is_key: bool = False
    is_member: bool = False


def wrong_references(tree: SourceMap) -> Iterator[Finding]:
    """Every error of this kind."""
    yield from _unknown_names(tree)
    yield from _repeated_names(tree, "routes", "route")
    yield from _repeated_names(tree, "listeners", "listener")
    yield from _shared_addresses(tree)
    yield from _undecided_access(tree)
    yield from _missing_store(tree)
    yield from _events_without_effect(tree)
    yield from _missing_valkey(tree)


def unused_names(tree: SourceMap, asked: Iterable[str] = ()) -> Iterator[Finding]:
    """Definitions that no route uses: worth a warning. asked: upstreams that something else uses."""
    used = {kind: {name for _, name in _names(tree, key)} for key, kind in _NAMES_IN_ROUTES}
    used["upstreams"].update(asked)
    for kind, names in used.items():
        for name in _mapping(tree, kind):
            if name not in names:
                yield Finding((kind, name), f"{_WORD[kind]} '{name}' is not used by any route", is_key=True)


def _unknown_names(tree: SourceMap) -> Iterator[Finding]:
    for key, kind in _NAMES_IN_ROUTES:
        known = _mapping(tree, kind)
        for path, name in _names(tree, key):
            if name not in known:
                yield _unknown(tree, path, name, kind, list(known))


def _unknown(tree: SourceMap, path: Path, name: str, kind: str, known: list[str]) -> Finding:
    variable = find(tree, path).variable
    shown = f"of {variable}" if variable else f"'{name[:100]}'"
    close = get_close_matches(name[:100], known, 1)
    hint = f"did you mean '{close[0]}'?" if close else f"define it under `{kind}`"
    return Finding(path, f"there is no {_WORD[kind]} {shown}", hint)


def unknown_name(path: Path, name: str, word: str, known: Iterable[str], place: str) -> Finding:
    """The error of a name that nothing has. place: where it could be defined."""
    close = get_close_matches(name[:100], list(known), 1)
    hint = f"did you mean '{close[0]}'?" if close else f"define it under `{place}`"
    return Finding(path, f"there is no {word} '{name[:100]}'", hint)


def _names(tree: SourceMap, key: str) -> Iterator[tuple[Path, str]]:
    """The names that routes, profiles and `defaults` give under `key`, each with its path."""
    for path, part in route_parts(tree):
        yield from _names_within((*path, key), part.get(key))
        if key == "upstream":
            yield from _other_upstreams(path, part)


def _other_upstreams(path: Path, part: SourceMap) -> Iterator[tuple[Path, str]]:
    """Those that a release or a mirror sends requests to as well."""
    shares = _mapping(part.get("release"), "to")
    yield from (((*path, "release", "to", name), name) for name in shares if isinstance(name, str))
    yield from _names_within((*path, "mirror", "upstream"), _mapping(part, "mirror").get("upstream"))


def _names_within(path: Path, value: object) -> Iterator[tuple[Path, str]]:
    """A name, a list of them, a list in which a mapping such as `{all: [names]}` holds more, or `{api: name}`."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, SourceList):
        for index, item in enumerate(value):
            yield from _names_within((*path, index), item)
    elif isinstance(value, SourceMap) and isinstance(value.get("all"), SourceList):
        yield from _names_within((*path, "all"), value["all"])
    elif isinstance(value, SourceMap):
        yield from _names_within((*path, "api"), value.get("api"))


def route_parts(tree: SourceMap) -> Iterator[tuple[Path, SourceMap]]:
    """Routes, profiles and `defaults`, each with its path."""
    candidates: list[tuple[Path, Any]] = [
        (("routes", index), route) for index, route in enumerate(_list(tree, "routes"))
    ]
    candidates += [(("profiles", name), profile) for name, profile in _mapping(tree, "profiles").items()]
    candidates.append((("defaults",), tree.get("defaults")))
    return ((path, part) for path, part in candidates if isinstance(part, SourceMap))


def _undecided_access(tree: SourceMap) -> Iterator[Finding]:
    """The model says this too, but not of a route with other mistakes; and this one must not wait."""
    for index, route in enumerate(_list(tree, "routes")):
        if isinstance(route, SourceMap) and "authenticate" not in route and "public" not in route:
            yield Finding(("routes", index), NEITHER_PUBLIC_NOR_NOT)


def _missing_store(tree: SourceMap) -> Iterator[Finding]:
    """What is kept in the store, where there is none: keys, consumers, ended sessions."""
    if tree.get("store") is not None:  # `store:` with nothing behind it is none
        return
    for name, entry in _mapping(tree, "identity").items():
        for mechanism, key in (("api_key", "managed"), ("mtls", "consumers"), ("signature", "consumers")):
            settings = _mapping(entry, mechanism) if isinstance(entry, SourceMap) else {}
            if settings.get(key, False) is not False:
                yield Finding(("identity", name, mechanism, key), "there is no store", "add `store: {}`")
        if isinstance(entry, SourceMap) and "oidc" in entry:
            says = "sessions that have ended are remembered in the store, and there is none"
            yield Finding(("identity", name, "oidc"), says, "add `store: {}`")


def _events_without_effect(tree: SourceMap) -> Iterator[Finding]:
    """Receivers of events about entries that are not there, or without a store that remembers them."""
    known = _mapping(tree, "identity")
    for name, receiver in _mapping(tree, "security_events").items():
        if not isinstance(receiver, SourceMap):
            continue
        if tree.get("store") is None:
            says = "what has ended is remembered in the store, and there is none"
            yield Finding(("security_events", name), says, "add `store: {}`")
        for path, entry in _names_within(("security_events", name, "revokes"), receiver.get("revokes")):
            if entry not in known:
                yield _unknown(tree, path, entry, "identity", list(known))


def _missing_valkey(tree: SourceMap) -> Iterator[Finding]:
    """What is to be kept there, and there is none, or one that cannot."""
    is_missing = tree.get("valkey") is None
    if is_missing and _mapping(tree, "counters").get("store") == "valkey":
        yield Finding(("counters", "store"), "there is no server to count in", "add `valkey: {url: …}`")
    if not is_missing and _mapping(tree, "valkey").get("cluster") not in (True, "true"):
        return
    for name, entry in _mapping(tree, "identity").items():
        settings = _mapping(entry, "oidc") if isinstance(entry, SourceMap) else {}
        session = settings.get("session")
        if isinstance(session, SourceMap) and session.get("keep") == "valkey":
            path: Path = ("identity", name, "oidc", "session", "keep")
            if is_missing:
                yield Finding(path, "there is no server to keep sessions in", "add `valkey: {url: …}`")
            else:
                yield Finding(
                    path, "sessions cannot be kept in a cluster", "use a server or sentinels, or `keep: store`"
                )


def _repeated_names(tree: SourceMap, key: str, word: str) -> Iterator[Finding]:
    first: dict[str, Position] = {}
    for index, item in enumerate(_list(tree, key)):
        name = item.get("name") if isinstance(item, SourceMap) else None
        if not isinstance(name, str):
            continue
        path: Path = (key, index, "name")
        if name in first:
            yield Finding(path, f"another {word} at {_place(first[name])} has this name; names must be unique")
        first.setdefault(name, find(tree, path))


def _shared_addresses(tree: SourceMap) -> Iterator[Finding]:
    binds = list(_binds(tree))
    tcp = [(path, bind) for path, bind in binds if isinstance(bind, Bind)]
    wide = {bind.port: path for path, bind in tcp if bind.host in _EVERY_ADDRESS}
    seen: dict[AnyBind, Path] = {}
    ports = Counter(bind.port for _, bind in tcp)
    for path, bind in binds:
        other = seen.setdefault(bind, path)
        if isinstance(bind, Bind) and other == path and ports[bind.port] > 1 and bind.host not in _EVERY_ADDRESS:
            other = wide.get(bind.port, path)
        if other != path:
            yield Finding(path, f"the address is taken by {_place(find(tree, other))}; choose another")


def _binds(tree: SourceMap) -> Iterator[tuple[Path, AnyBind]]:
    """Every address but those whose port the kernel chooses, the admin interface's last."""
    paths: list[tuple[Path, Any]] = [
        (("listeners", index, "bind"), listener.get("bind"))
        for index, listener in enumerate(_list(tree, "listeners"))
        if isinstance(listener, SourceMap)
    ]
    paths.append((("admin", "bind"), _mapping(tree, "admin").get("bind", str(Admin().bind))))
    for path, text in paths:
        try:
            bind = parse_any_bind(text)
        except PydanticCustomError:
            continue  # reported when the models are validated
        if not isinstance(bind, Bind) or bind.port:
            yield path, bind


def _mapping(tree: Any, key: str) -> dict[str, Any]:
    value = tree.get(key) if isinstance(tree, dict) else None
    return value if isinstance(value, dict) else {}


def _list(tree: SourceMap, key: str) -> list[Any]:
    value = tree.get(key)
    return value if isinstance(value, list) else []


def _place(position: Position) -> str:
    return f"{position.file}:{position.line}:{position.column}"
