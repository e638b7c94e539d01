"""`match` in canonical form, and what is wrong in it."""

from typing import Any

import pytest

from hotgate.routing.path_shape import BadPattern
from hotgate.routing.pattern import RoutePattern


def test_is_kept_in_canonical_form() -> None:
    pattern = RoutePattern(
        "r",
        hosts=("API.Example.com.", "api.example.com", "*.Example.com", "[::0]"),
        methods=frozenset({"get", "PURGE"}),
    )
    assert pattern.hosts == ("api.example.com", "*.example.com", "[::]")
    assert pattern.methods == {"GET", "PURGE"}
    assert pattern.conditions is None


def test_is_immutable() -> None:
    with pytest.raises(AttributeError):
        RoutePattern("r").path = "/other"  # type: ignore[misc]


@pytest.mark.parametrize(
    "match",
    [
        *(
            {"hosts": (host,)}
            for host in ("", "*", "*.", "*a.com", "a.*.com", "a.com:80", "[::1]:80", "u@a", "é.com", "a b")
        ),
        *({"methods": frozenset({method})} for method in ("", "GET POST", "GET\n", "é")),
        {"headers": (("x y", None),)},
        {"headers": (("", None),)},
        {"headers": (("x", "a\r\nb"),)},
        {"headers": (("x", "€"),)},
        {"headers": (("X-A", "1"), ("x-a", "2"))},
        {"query": (("v", "1"), ("v", None))},
        {"path": "nope"},
    ],
)
def test_refuses(match: dict[str, Any]) -> None:
    with pytest.raises(BadPattern):
        RoutePattern("r", **match)
