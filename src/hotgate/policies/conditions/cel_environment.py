"""Google's CEL, with what Hotgate adds to it: `inNetwork`."""

from functools import cache, lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

Declared = tuple[tuple[str, str], ...]  # names and CEL types


@cache
def _cel() -> Any:
    """Imported when the first condition is compiled: workers without any do without its 6 MiB."""
    from cel_expr_python import cel  # noqa: PLC0415

    return cel


def is_error(value: Any) -> bool:
    """Whether what an evaluation gave is one of its failures; another kind of failure is raised."""
    return bool(value.type() == _cel().Type.ERROR)


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
