"""The authority, spoken to directly."""

import itertools
from typing import Any

import pytest

from hotgate.limits.authority import LeaseAuthority
from hotgate.limits.lease_request import LeaseRequest
from hotgate.limits.limit import Limit
from hotgate.limits.report import KeyReport, Report

TEN_A_SECOND = Limit("route/r", quota=10, window=1)
THOUSAND = Limit("route/big", quota=1000, window=60)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def authority_with(clock: Clock, *workers: str, max_keys: int = 100) -> LeaseAuthority:
    authority = LeaseAuthority(clock, workers=max(1, len(workers)), max_keys=max_keys)
    for worker in workers:
        authority.hello(worker, Report().message())
    return authority


def take(authority: LeaseAuthority, worker: str, limit: Limit, key: str, tokens: int) -> int:
    """Spend up to so many tokens at once, one request after the other."""
    taken = 0
    while taken < tokens and (granted := authority.lease(worker, LeaseRequest(limit, key, need=1)).granted):
        taken += granted
    return taken


def test_a_limit_is_exact_over_workers(clock: Clock) -> None:
    authority = authority_with(clock, "a", "b")
    turns = itertools.cycle("ab")
    assert sum(take(authority, next(turns), TEN_A_SECOND, "k", 1) for _ in range(30)) == 10


def test_a_denial_says_when_the_next_token_comes(clock: Clock) -> None:
    authority = authority_with(clock, "a")
    take(authority, "a", TEN_A_SECOND, "k", 10)
    grant = authority.lease("a", LeaseRequest(TEN_A_SECOND, "k"))
    assert (grant.granted, grant.must_wait) == (0, False)
    assert grant.retry_after == pytest.approx(0.1)


def test_small_limits_are_lent_one_by_one_and_large_ones_in_parts(clock: Clock) -> None:
    authority = authority_with(clock, "a", "b")
    assert authority.lease("a", LeaseRequest(TEN_A_SECOND, "k", want=100)).granted == 1
    assert authority.lease("a", LeaseRequest(THOUSAND, "k", want=100)).granted == 10
    assert authority.lease("b", LeaseRequest(THOUSAND, "k", want=4)).granted == 4


def test_those_who_wait_are_served_at_once(clock: Clock) -> None:
    authority = authority_with(clock, "a", "b")
    assert authority.lease("a", LeaseRequest(THOUSAND, "k", need=200)).granted == 200


def test_a_bucket_does_not_refill_behind_a_lease(clock: Clock) -> None:
    authority = authority_with(clock, "a", "b")
    authority.lease("a", LeaseRequest(THOUSAND, "k", need=200))
    clock.now += 3600
    grant = authority.lease("b", LeaseRequest(THOUSAND, "k"))
    assert grant.remaining == 1000 - 200 - 1


def test_returned_tokens_are_there_again_but_never_more_than_were_lent(clock: Clock) -> None:
    authority = authority_with(clock, "a", "b")
    authority.lease("a", LeaseRequest(THOUSAND, "k", need=200))
    authority.give_back("a", "route/big", "k", tokens=10**9, held=0)
    authority.give_back("a", "route/big", "k", tokens=10**9, held=0)
    authority.give_back("a", "route/big", "stranger", tokens=10**9, held=0)
    assert authority.lease("b", LeaseRequest(THOUSAND, "k")).remaining == 999


def test_a_repeated_or_late_message_changes_nothing(clock: Clock) -> None:
    authority = authority_with(clock, "a")
    request = LeaseRequest(TEN_A_SECOND, "k").message(5)
    assert authority.on_message("a", request) is not None
    assert authority.on_message("a", request) is None
    assert authority.on_message("a", LeaseRequest(TEN_A_SECOND, "k").message(4)) is None
    assert authority.on_message("stranger", LeaseRequest(TEN_A_SECOND, "k").message(6)) is None


def test_a_replayed_return_does_not_give_back_later_tokens(clock: Clock) -> None:
    authority = authority_with(clock, "a", "b")
    authority.on_message("a", LeaseRequest(THOUSAND, "k", need=200).message(1))
    returned = {"type": "give_back", "seq": 2, "keys": [["route/big", "k", 200, 0]]}
    authority.on_message("a", returned)
    authority.on_message("a", LeaseRequest(THOUSAND, "k", need=200).message(3))
    authority.on_message("a", returned)
    assert authority.lease("b", LeaseRequest(THOUSAND, "k")).remaining == 799


@pytest.mark.parametrize(
    "change",
    [
        {"need": -1},
        {"held": -5},
        {"key": "x" * 129},
        {"limit": [0, 1, 1]},
        {"limit": None},
        {"type": "?"},
        {"want": None},
    ],
)
def test_a_malformed_message_is_refused(clock: Clock, change: dict[str, Any]) -> None:
    authority = authority_with(clock, "a")
    with pytest.raises((ValueError, TypeError, KeyError)):
        authority.on_message("a", {**LeaseRequest(TEN_A_SECOND, "k").message(1), **change})


def test_a_flood_of_keys_resets_nobody(clock: Clock) -> None:
    authority = authority_with(clock, "a", max_keys=10)
    assert take(authority, "a", TEN_A_SECOND, "victim", 100) == 10
    authority.give_back("a", "route/r", "victim", tokens=0, held=0)
    for number in range(200):
        key = f"flood-{number}"
        authority.lease("a", LeaseRequest(TEN_A_SECOND, key, need=5))
        authority.give_back("a", "route/r", key, tokens=0, held=0)
    assert authority.known_keys <= 10
    assert take(authority, "a", TEN_A_SECOND, "victim", 100) == 0


def test_full_buckets_make_room_without_a_trace(clock: Clock) -> None:
    authority = authority_with(clock, "a", max_keys=10)
    for number in range(100):
        key = f"key-{number}"
        authority.lease("a", LeaseRequest(TEN_A_SECOND, key, need=5))
        authority.give_back("a", "route/r", key, tokens=0, held=0)
        clock.now += 1
    assert authority.known_keys <= 10
    assert take(authority, "a", TEN_A_SECOND, "newcomer", 100) == 10


def test_a_bucket_is_forgotten_when_it_is_full_and_nobody_holds_tokens_of_it(clock: Clock) -> None:
    authority = authority_with(clock, "a", max_keys=5000)
    for number in range(3000):
        authority.lease("a", LeaseRequest(TEN_A_SECOND, f"key-{number}", need=5))
    authority.give_back("a", "route/r", "key-7", tokens=0, held=0)
    authority.give_back("a", "route/r", "key-8", tokens=0, held=0)
    assert known_after_a_round(authority) == 3000
    clock.now += 1
    assert known_after_a_round(authority) == 2998
    assert {leased.key for leased in authority.buckets() if leased.on_lease < 5} == set()


def known_after_a_round(authority: LeaseAuthority) -> int:
    for _ in range(6):
        authority.tick()
    return authority.known_keys


def test_a_table_full_of_leases_lends_nothing_more(clock: Clock) -> None:
    authority = authority_with(clock, "a", max_keys=3)
    for key in "xyz":
        assert authority.lease("a", LeaseRequest(TEN_A_SECOND, key)).granted == 1
    assert authority.lease("a", LeaseRequest(TEN_A_SECOND, "w")).must_wait


def test_tokens_of_a_dead_worker_count_as_spent(clock: Clock) -> None:
    authority = authority_with(clock, "a", "b")
    authority.lease("a", LeaseRequest(THOUSAND, "k", need=200))
    authority.worker_gone("a")
    assert authority.lease("b", LeaseRequest(THOUSAND, "k")).remaining == 799
    authority.give_back("b", "route/big", "k", tokens=0, held=0)
    clock.now += 3600
    assert authority.lease("b", LeaseRequest(THOUSAND, "k")).remaining == 999


def test_a_reload_with_the_same_rate_keeps_the_state_and_another_scales_it(clock: Clock) -> None:
    authority = authority_with(clock, "a")
    take(authority, "a", TEN_A_SECOND, "k", 5)
    authority.give_back("a", "route/r", "k", tokens=0, held=0)
    authority.define(Limit("route/r", quota=10, window=1))
    assert authority.lease("a", LeaseRequest(TEN_A_SECOND, "k")).remaining == 4
    wider = Limit("route/r", quota=100, window=1)
    assert authority.lease("a", LeaseRequest(wider, "k")).remaining == 39


def report(share: float, **keys: tuple[int, int, int]) -> dict[str, Any]:
    rows = tuple(KeyReport("route/r", key, *figures) for key, figures in keys.items())
    return Report(is_fresh=False, sequence=9, share=share, limits=(TEN_A_SECOND,), keys=rows).message()


def test_a_successor_waits_for_all_reports_and_takes_the_lowest(clock: Clock) -> None:
    authority = LeaseAuthority(clock, workers=2)
    authority.expect(["a", "b"], clock.now + 5)
    authority.hello("a", report(0.5, k=(0, 7, 0)))
    assert authority.lease("a", LeaseRequest(TEN_A_SECOND, "k")).must_wait
    clock.now += 1  # no refill for the time without an authority
    authority.hello("b", report(0.5, k=(1, 5, 2)))
    assert authority.lease("b", LeaseRequest(TEN_A_SECOND, "k", held=1)).remaining == 5 - 2 - 1
    assert authority.lease("a", LeaseRequest(TEN_A_SECOND, "unknown")).remaining == 9


@pytest.mark.parametrize("is_dead", [True, False])
def test_a_missing_witness_means_empty_buckets(clock: Clock, is_dead: bool) -> None:
    authority = LeaseAuthority(clock, workers=2)
    authority.expect(["a", "b"], clock.now + 5)
    authority.hello("a", report(0.5, k=(0, 7, 0)))
    if is_dead:
        authority.worker_gone("b")
    else:
        clock.now += 5
        authority.tick()
    assert not authority.is_recovering
    for key in ("k", "unknown"):
        assert authority.lease("a", LeaseRequest(TEN_A_SECOND, key)).granted == 0
    clock.now += 0.9
    assert take(authority, "a", TEN_A_SECOND, "k", 100) <= 9


def test_a_worker_that_died_unseen_is_noticed_by_its_share(clock: Clock) -> None:
    authority = LeaseAuthority(clock, workers=2)
    authority.expect(["a"], clock.now + 5)
    authority.hello("a", report(0.5, k=(0, 7, 0)))
    assert authority.lease("a", LeaseRequest(TEN_A_SECOND, "k")).granted == 0


def test_a_silent_worker_keeps_its_share(clock: Clock) -> None:
    authority = LeaseAuthority(clock, workers=2)
    authority.expect(["a", "silent"], clock.now)
    authority.hello("a", report(0.5))
    clock.now += 0.5
    assert take(authority, "a", TEN_A_SECOND, "k", 100) == 2  # half of the rate


def test_shares_never_add_up_to_more_than_one(clock: Clock) -> None:
    authority = authority_with(clock, "a", "b")
    assert authority.hello("c", Report().message())["share"] == 0
    authority.worker_gone("a")
    answer = authority.on_message("c", LeaseRequest(TEN_A_SECOND, "k").message(1))
    assert answer is not None
    assert answer["share"] == 0.5


def test_nobody_is_told_to_wait_for_the_rounding_of_a_sum(clock: Clock) -> None:
    names = [str(number) for number in range(10)]
    authority = LeaseAuthority(clock, workers=10)
    for name in names:
        authority.hello(name, Report(is_fresh=False, sequence=1, share=0.1).message())
        authority.worker_lost(name)
    authority.hello("new", Report().message())
    assert authority.lease("new", LeaseRequest(TEN_A_SECOND, "k", need=9, least=9)).must_wait


def test_who_ends_with_nothing_touches_no_bucket(clock: Clock) -> None:
    """There may be hundreds of thousands, and workers are renewed one after another."""
    authority = authority_with(clock, "a", "b")
    take(authority, "b", TEN_A_SECOND, "b's", 5)
    take(authority, "a", TEN_A_SECOND, "a's", 5)
    authority.give_back("a", TEN_A_SECOND.scope, "a's", tokens=0, held=0)
    before = {leased.key: leased.bucket.level for leased in authority.buckets()}
    clock.now += 0.1
    authority.worker_gone("a")
    assert {leased.key: leased.bucket.level for leased in authority.buckets()} == before


def test_nothing_has_flowed_in_behind_what_a_dead_worker_held(clock: Clock) -> None:
    authority = authority_with(clock, "a", "b")
    granted = authority.lease("a", LeaseRequest(THOUSAND, "k", need=1, want=30)).granted
    clock.now += 600
    authority.worker_gone("a")
    standing = authority.peek(THOUSAND, "k")
    assert standing is not None
    assert standing.level == 1000 - granted
