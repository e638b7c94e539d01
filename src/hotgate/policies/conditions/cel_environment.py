"""Google's CEL, with what Hotgate adds to it: `inNetwork`."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache, lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

_WITHOUT_TEXT = frozenset({bool, int, float, datetime})  # told at once: to find that a value is no Mapping takes long

Declared = tuple[tuple[str, str], ...]  # names and CEL types


@cache
def _cel() -> Any:
    """Imported when the first condition is compiled: workers without any do without its 6 MiB."""
    from cel_expr_python import cel  # noqa: PLC0415

    return cel


def is_error(value: Any) -> bool:
    """Whether what an evaluation gave is one of its failures; another kind of failure is raised."""
    return bool(value.type() == _cel().Type.ERROR)


def holds_nul(values: Iterable[Any]) -> bool:
    """Whether there is a NUL in a text among these, or within a list or a map of them.

    The library cuts text there (cel-expr-python 0.1.3): `ada\\0x` would be `ada` to a condition, and not to a backend.
    """
    for value in values:
        kind = type(value)
        if kind is str:
            found = "\0" in value
        elif kind in _WITHOUT_TEXT:
            found = False
        elif kind is dict or isinstance(value, Mapping):
            found = holds_nul(value) or holds_nul(value.values())
        else:
            found = (kind is list or kind is tuple) and holds_nul(value)
        if found:
            return True
    return False


@lru_cache(maxsize=1024)  # routes differ in their path parameters alone
def environment(declared: Declared) -> Any:
    """In which expressions about these names are compiled."""
    cel = _cel()
    in_network = cel.Overload(
        "string_in_network_string",
        return_type=cel.Type.BOOL,
        parameters=[cel.Type.STRING, cel.Type.STRING],
        is_member=True,
        impl=_in_network,
    )
    return cel.NewEnv(
        variables={name: cel.Type(kind) for name, kind in declared},
        functions=[cel.FunctionDecl("inNetwork", [in_network])],
    )


def _in_network(address: str, network: str) -> bool:
    """`request.client.inNetwork("10.0.0.0/8")`. Raises ValueError for what is no address or no network."""
    found = ip_address(address)
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found) in _network(network)


@lru_cache(maxsize=4096)
def _network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text)
