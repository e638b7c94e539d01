"""The tree of a compiled expression, and what it looks at: whatever is not seen here would not be read."""

import pytest

from hotgate.policies.conditions.attributes import attributes_of
from hotgate.policies.conditions.cel_environment import environment
from hotgate.policies.conditions.checked_expression import Node, checked_tree
from hotgate.policies.conditions.looks import looks_of

ATTRIBUTES = attributes_of(("id",), {}, has_body=True)


def tree(source: str) -> Node:
    declared = tuple((each.name, each.kind) for each in ATTRIBUTES.values())
    return checked_tree(environment(declared).compile(source).serialize())


@pytest.mark.parametrize(
    ("source", "looks"),
    [
        ("true", {}),
        ('"principal.subject" == "now"', {}),
        ('claims.nobody == "body"', {"claims": ("nobody",)}),
        (
            'principal.subject == path.id ? has(claims.a) : claims["b"] == 1',
            {"principal.subject": None, "path.id": None, "claims": ("a", "b")},
        ),
        ("claims.a.b.c == claims.d", {"claims": ("a", "d")}),
        ("claims.a == 1 && claims == claims", {"claims": None}),
        ("claims[path.id] == claims.a", {"claims": None, "path.id": None}),
        ("claims.exists(name, name == path.id)", {"claims": None, "path.id": None}),
        (
            "principal.groups.exists(g, claims.a.exists(x, x == g && body.y == 1))",
            {"principal.groups": None, "claims": ("a",), "body": ("y",)},
        ),
        ('{"a": claims.x, "b": [body.z]}["a"] == {claims.k: 1}[claims.l]', {"claims": ("k", "l", "x"), "body": ("z",)}),
        ('"a" in request.headers || request.headers["b"] == "c"', {"request.headers": ("a", "b")}),
        ("path.id in request.headers", {"request.headers": None, "path.id": None}),
        ('"a" in [principal.tier, principal.tenant]', {"principal.tier": None, "principal.tenant": None}),
        ("now.getHours() > -1 && uint(request.size) > 18446744073709551615u", {"now": None, "request.size": None}),
        ("body.x == 1.5 && body.y == b'a' && body.z == null", {"body": ("x", "y", "z")}),
    ],
)
def test_what_an_expression_looks_at(source: str, looks: dict[str, tuple[str, ...] | None]) -> None:
    assert looks_of(tree(source), ATTRIBUTES) == looks


def test_nodes_know_type_and_place() -> None:
    found = {
        (node.kind, node.text): (node.type, node.offset) for node in tree('path.id == "x" && claims.a > 3').everything()
    }
    assert found[("name", "path.id")] == ("string", 4)
    assert found[("constant", "x")] == ("string", 11)
    assert found[("name", "claims")] == ("map", 18)
    assert found[("select", "a")][0] == "dyn"
    assert found[("call", "_>_")] == ("bool", 27)
