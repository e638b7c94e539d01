"""The way to a claim: names that hold dots, and paths through objects."""

from typing import Any

import pytest

from hotgate.identity.tokens.claim_path import find

CLAIMS: dict[str, Any] = {
    "sub": "ada",
    "realm_access": {"roles": ["dev"]},
    "resource_access": {"api": {"roles": ["a"]}, "my.api": {"roles": ["b"]}, "my": {"api": {"roles": ["c"]}}},
    "https://acme.example/roles": ["d"],
    "https://acme.example/app": {"metadata": {"tier": "gold"}},
    "cognito:groups": ["e"],
    "a": {"b": 1},
    "a.b": 2,
    "none": None,
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("sub", "ada"),
        ("realm_access.roles", ["dev"]),
        ("resource_access.api.roles", ["a"]),
        ("resource_access.my.api.roles", ["b"]),
        ("https://acme.example/roles", ["d"]),
        ("https://acme.example/app.metadata.tier", "gold"),
        ("cognito:groups", ["e"]),
        ("a.b", 2),
        ("none", None),
        ("none.more", None),
        ("sub.more", None),
        ("realm_access.roles.0", None),
        ("realm_access.", None),
        (".", None),
        ("..", None),
        ("missing.path", None),
    ],
)
def test_a_path_leads_to_its_claim_or_to_nothing(path: str, value: Any) -> None:
    assert find(CLAIMS, path) == value
