"""Who is limited, peeking and resetting."""

import asyncio

from hotgate.limits.denials import MAX_DENIALS, QUIET, Denials
from hotgate.limits.limit import Limit
from unit.limits.node import Node

TEN = Limit("route/ten", quota=10, window=10)
WINDOW = Limit("route/window", quota=10, window=10, kind="window")


def names(node: Node) -> list[str]:
    return [standing.key for standing in node.authority.limited()]


def test_who_is_denied_is_listed_until_it_has_been_quiet() -> None:
    node = Node().connect()
    asyncio.run(node.admitted(TEN, 11, key="alice"))
    node.wait(1)
    asyncio.run(node.admitted(WINDOW, 11, key="bob"))
    asyncio.run(node.admitted(TEN, 1, key="carol"))
    assert names(node) == ["bob", "alice"]
    (bob, alice) = node.authority.limited()
    assert (bob.limit.scope, bob.limited_for, alice.limited_for) == ("route/window", 0, 1)
    assert bob.retry_after > 9
    node.wait(QUIET + 2)
    assert names(node) == []


def test_a_series_of_denials_is_one() -> None:
    node = Node().connect()
    for _ in range(40):
        asyncio.run(node.admitted(TEN, 15))
        node.wait(1)
    (standing,) = node.authority.limited()
    assert standing.limited_for is not None
    assert standing.limited_for > 35


def test_to_look_spends_nothing_and_leaves_nothing() -> None:
    node = Node().connect()
    for _ in range(100):
        standing = node.authority.peek(TEN, "k")
        assert standing is not None
        assert (standing.level, standing.retry_after) == (10, 0)
    assert node.authority.known_keys == 0
    asyncio.run(node.admitted(TEN, 4))
    standing = node.authority.peek(TEN, "k", cost=8)
    assert standing is not None
    assert (standing.level, standing.retry_after) == (6, 2)


def test_nothing_is_known_while_reports_are_awaited() -> None:
    node = Node()
    node.authority.expect(["w"], 2000.0)
    assert node.authority.peek(TEN, "k") is None


def test_the_table_is_bounded_and_forgets_who_was_denied_longest_ago() -> None:
    denials = Denials()
    for number in range(MAX_DENIALS + 5):
        denials.add("s", str(number), 1, float(number))
    assert len(denials) == MAX_DENIALS
    assert denials.get("s", "4") is None
    assert denials.get("s", "5") is not None


def test_a_reset_fills_the_bucket_but_for_what_workers_hold() -> None:
    large = Limit("route/large", quota=1000, window=1000)
    for limit in (large, Limit("route/wide", quota=1000, window=1000, kind="window")):
        node = Node().connect()
        asyncio.run(node.admitted(limit, 1001))
        assert node.authority.reset(limit.scope, "k")
        assert names(node) == []
        node.wait(2)
        asyncio.run(node.admitted(limit, 100))
        assert node.authority.reset(limit.scope, "k")
        standing = node.authority.peek(limit, "k")
        assert standing is not None
        assert standing.level + standing.on_lease == 1000
        node.wait(2)
        assert asyncio.run(node.admitted(limit, 2000)) <= 1000


def test_a_reset_of_what_is_unknown_changes_nothing() -> None:
    node = Node().connect()
    assert not node.authority.reset("route/ten", "nobody")
    assert node.authority.known_keys == 0
