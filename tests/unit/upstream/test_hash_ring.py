"""Consistent hashing: the same key, the same target; one that comes or goes moves its own share and no more."""

from collections import Counter
from math import ceil

import pytest

from hotgate.pipeline.exchange import Exchange
from hotgate.testing import make_exchange
from hotgate.upstream.hash_key import hash_key
from hotgate.upstream.hash_ring import HashRing, consistent_hash
from hotgate.upstream.target import Target

KEYS = [b"client %d" % number for number in range(2000)]


def targets(count: int, weight: int = 1) -> list[Target]:
    return [Target(f"http://10.0.0.{number}", "127.0.0.1", 9, weight=weight) for number in range(count)]


def owners(ring_targets: list[Target]) -> dict[bytes, str]:
    ring = HashRing(ring_targets, 125)
    return {key: ring.find(key).name for key in KEYS}


def test_shares_are_fair() -> None:
    counts = Counter(owners(targets(5)).values())
    assert all(0.75 * 400 < count < 1.25 * 400 for count in counts.values())


def test_shares_follow_the_weights() -> None:
    heavy, light = targets(2)
    heavy.weight = 3
    counts = Counter(owners([heavy, light]).values())
    assert 2.3 < counts[heavy.name] / counts[light.name] < 4


def test_one_that_goes_moves_its_own_keys_only() -> None:
    all_targets = targets(5)
    before, after = owners(all_targets), owners(all_targets[1:])
    moved = {key for key in KEYS if before[key] != after[key]}
    assert moved == {key for key in KEYS if before[key] == all_targets[0].name}


def test_a_slow_start_moves_only_what_it_gains() -> None:
    all_targets = targets(5, weight=10)
    before = owners(all_targets)
    all_targets[0].weight = 1
    after = owners(all_targets)
    moved = {key for key in KEYS if before[key] != after[key]}
    assert moved
    assert {before[key] for key in moved} == {all_targets[0].name}


def test_the_order_in_the_file_does_not_matter() -> None:
    assert owners(targets(5)) == owners(targets(5)[::-1])


def test_no_target_gets_more_than_its_bound() -> None:
    """The same key, without end: a crowd behind one address, or an attack on one target."""
    all_targets = targets(4)
    ring = HashRing(all_targets, 125)
    for count in range(1, 101):
        ring.find(b"everybody").active += 1
        assert max(target.active for target in all_targets) <= ceil(1.25 * count / 4)


def test_bounds_follow_the_weights() -> None:
    all_targets = targets(2)
    heavy = all_targets[0]
    heavy.weight = 3
    ring = HashRing(all_targets, 101)
    for _ in range(100):
        ring.find(b"everybody").active += 1
    assert 73 <= heavy.active <= 77


def test_the_overflow_of_a_key_goes_to_the_same_neighbour() -> None:
    def neighbour() -> str:
        all_targets = targets(5)
        ring = HashRing(all_targets, 125)
        ring.find(b"key").active = 100
        return ring.find(b"key").name

    assert neighbour() == neighbour()


def test_without_the_key_it_goes_round() -> None:
    choose = consistent_hash(hash_key("header", "X-Tenant"), 125)(targets(3))
    assert len({choose(make_exchange()).name for _ in range(3)}) == 3
    with_key = make_exchange(headers={"x-tenant": "acme"})
    assert len({choose(with_key).name for _ in range(3)}) == 1
    assert len({choose(None).name for _ in range(3)}) == 3


@pytest.mark.parametrize(
    ("by", "name", "key"),
    [
        ("client", "", b"192.0.2.7"),
        ("path", "", b"/orders"),
        ("header", "X-Tenant", b"acme"),
        ("query", "q", b"1"),
        ("query", "none", None),
        ("cookie", "session", b"abc"),
        ("cookie", "sess", None),
        ("header", "x-none", None),
        ("principal", "", None),
    ],
)
def test_keys(by: str, name: str, key: bytes | None) -> None:
    assert hash_key(by, name)(_request()) == key


def _request() -> Exchange:
    return make_exchange(
        "GET",
        "/orders?a=2&q=1&q=3",
        headers={"x-tenant": "acme", "cookie": 'xsession=1; session="abc"; session=def'},
        client="192.0.2.7",
    )
