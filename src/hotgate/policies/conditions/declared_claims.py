"""`authorization.claims`: what conditions may know of claims. One of another kind than declared is not there."""

from collections.abc import Callable, Mapping
from typing import Any

from hotgate.config.authorization import ClaimKind

Claims = Mapping[str, Any]

_TYPES: dict[ClaimKind, type | tuple[type, ...]] = {
    "string": str,
    "int": int,
    "double": (int, float),
    "bool": bool,
    "list": (list, tuple),
    "map": Mapping,
    "any": object,
}


def claims_as_declared(
    declared: Mapping[str, ClaimKind],
) -> tuple[Callable[[Claims], Claims], Callable[[tuple[str, ...], Claims], Claims]]:
    """Two readers: of all claims that are declared (of all claims, if none is), and of some of them."""

    def some(names: tuple[str, ...], claims: Claims) -> Claims:
        return {name: claims[name] for name in names if name in claims}

    def some_declared(names: tuple[str, ...], claims: Claims) -> Claims:
        return {name: claims[name] for name in names if name in claims and _is_a(claims[name], declared[name])}

    if not declared:
        return (lambda claims: claims), some
    everything = tuple(declared)
    return (lambda claims: some_declared(everything, claims)), some_declared


def _is_a(value: object, kind: ClaimKind) -> bool:
    """In Python `True` is an int; in JSON it is not."""
    return kind in ("bool", "any") if isinstance(value, bool) else isinstance(value, _TYPES[kind])
