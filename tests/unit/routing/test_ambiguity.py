"""Routes of which neither is more specific are found, all of them, and no others."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotgate.routing.ambiguity import AmbiguousRoutes
from hotgate.routing.pattern import RoutePattern
from hotgate.routing.table import RouteTable

GET = frozenset({"GET"})


def pairs_of(*patterns: RoutePattern) -> list[tuple[str, str]]:
    try:
        RouteTable([(pattern, None) for pattern in patterns])
    except AmbiguousRoutes as error:
        return [(pair.first, pair.second) for pair in error.pairs]
    return []


def test_reports_every_pair_with_a_reason() -> None:
    patterns = [RoutePattern(name, ("example.com",), "/a/{x}", GET) for name in "abc"]
    with pytest.raises(AmbiguousRoutes) as caught:
        RouteTable([(pattern, None) for pattern in patterns])
    assert [(pair.first, pair.second) for pair in caught.value.pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert caught.value.pairs[0].why == "routes a and b both match GET at example.com/a/{x}; neither is more specific"
    assert caught.value.pairs[2].why in str(caught.value)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (RoutePattern("a", path="/x/{id}"), RoutePattern("b", path="/x/{name}")),
        (RoutePattern("a", path="/x%3Ay"), RoutePattern("b", path="/x:y")),
        (RoutePattern("a", ("x.com", "y.com")), RoutePattern("b", ("y.com", "z.com"))),
        (RoutePattern("a", methods=frozenset({"GET", "PUT"})), RoutePattern("b", methods=frozenset({"PUT", "POST"}))),
        (RoutePattern("a", headers=(("x", "1"),)), RoutePattern("b", headers=(("y", "1"),))),
        (RoutePattern("a", headers=(("x", None),)), RoutePattern("b", headers=(("x", "1"),))),
        (RoutePattern("a", headers=(("x", "1"),)), RoutePattern("b", query=(("x", "2"),))),
    ],
)
def test_ambiguous(first: RoutePattern, second: RoutePattern) -> None:
    assert pairs_of(first, second) == [("a", "b")]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (RoutePattern("a", path="/x/{id}"), RoutePattern("b", path="/x/*")),
        (RoutePattern("a", path="/x"), RoutePattern("b", path="/x/")),
        (RoutePattern("a", ("*.x.com",)), RoutePattern("b", ("*.com",))),
        (RoutePattern("a", methods=GET), RoutePattern("b", methods=frozenset({"HEAD"}))),
        (RoutePattern("a", methods=GET), RoutePattern("b")),
        (RoutePattern("a", headers=(("x", "1"),)), RoutePattern("b", headers=(("X", "2"),))),
        (RoutePattern("a", headers=(("x", "1"),)), RoutePattern("b")),
    ],
)
def test_not_ambiguous(first: RoutePattern, second: RoutePattern) -> None:
    assert pairs_of(first, second) == []


def test_ten_thousand_tenants_on_one_path_are_not_compared_pairwise() -> None:
    patterns = [RoutePattern(str(i), headers=(("x-tenant", str(i)), ("x-b", None))) for i in range(10_000)]
    assert pairs_of(*patterns) == []
    assert pairs_of(*patterns, RoutePattern("twin", headers=(("x-tenant", "7"), ("x-b", None)))) == [("7", "twin")]


def test_a_flood_of_pairs_is_cut_off() -> None:
    assert len(pairs_of(*(RoutePattern(str(i)) for i in range(2000)))) == 1000


conditions = st.dictionaries(st.sampled_from("xyz"), st.sampled_from([None, "1", "2", ""]), max_size=3)
required = st.lists(conditions, max_size=7)


@given(required)
def test_equals_the_comparison_of_all_pairs(tables: list[dict[str, str | None]]) -> None:
    patterns = [RoutePattern(str(i), headers=tuple(table.items())) for i, table in enumerate(tables)]
    expected = [
        (str(i), str(j))
        for (i, one), (j, other) in combinations(enumerate(tables), 2)
        if len(one) == len(other)
        and all(one[name] == other[name] or None in (one[name], other[name]) for name in one.keys() & other.keys())
    ]
    assert sorted(pairs_of(*patterns)) == sorted(expected)
