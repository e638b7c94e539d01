"""What a node asks of the counter store, and how it serves its workers from what it is lent."""

from typing import Any

import pytest

from hotgate.limits.lease_request import LeaseRequest
from hotgate.limits.limit import Limit
from hotgate.limits.shared.ask import Supply, key_name, scope_name
from hotgate.limits.shared.shared_authority import SharedAuthority
from hotgate.limits.shared.store_clock import StoreClock
from hotgate.limits.shared.terms import LEASE, PARTITIONS, Terms

Message = dict[str, Any]
LIMIT = Limit("route/r", quota=1000, window=60)


class Node:
    """An authority with two workers, and the store's answers by hand."""

    def __init__(self, **settings: Any) -> None:
        self.time = 100.0
        self.sent: list[tuple[str, Message]] = []
        self.stirred: list[int] = []
        self.authority = SharedAuthority(
            Terms(place="here"),
            lambda: self.time,
            lambda worker, message: self.sent.append((worker, message)),
            self.stirred.append,
            workers=2,
            **settings,
        )
        self.sequence = 0
        for worker in ("one", "other"):
            report: Message = {"fresh": True, "seq": 0, "share": 0, "loss": None, "limits": {}, "keys": []}
            self.authority.hello(worker, report)

    def lease(self, worker: str = "one", key: str = "alice", **request: Any) -> Message | None:
        self.sequence += 1
        asked = LeaseRequest(LIMIT, key, **{"need": 1, "least": 1, "want": 8, **request})
        return self.authority.on_message(worker, asked.message(self.sequence))

    def supply(self, granted: int, *, held: int | None = None, retry: float = 0.0) -> list[Any]:
        """The store answers whatever was asked; what was asked."""
        asks = []
        for partition in range(PARTITIONS):
            taken = self.authority.take(partition)
            supplies = [Supply(ask.held if held is None else held, granted, 500, retry) for _, ask in taken]
            self.authority.supplied(taken, supplies, self.time)
            asks += [ask for _, ask in taken]
        return asks


def test_who_asks_waits_for_the_store_and_the_next_one_does_not() -> None:
    node = Node()
    assert node.lease() is None
    assert node.supply(50)[0].need == 1
    worker, grant = node.sent.pop()
    assert (worker, grant["granted"]) == ("one", 8)
    assert grant["until"] == node.time + LEASE
    answer = node.lease("other")
    assert answer is not None
    assert answer["granted"] == 8


def test_one_question_for_a_key_is_on_its_way_and_all_who_wait_are_in_the_next() -> None:
    node = Node()
    node.lease("one", need=3)
    taken = [pair for partition in range(PARTITIONS) for pair in node.authority.take(partition)]
    node.lease("other", need=5)
    assert not any(node.authority.take(partition) for partition in range(PARTITIONS))
    node.authority.supplied(taken, [Supply(0, 3, 0, 0.0)], node.time)
    assert [ask.need for ask in node.supply(5)] == [5]
    assert [grant["granted"] for _, grant in node.sent] == [3, 5]


def test_a_denial_is_believed_for_a_while() -> None:
    node = Node()
    node.lease()
    node.supply(0, retry=30.0)
    assert node.sent.pop()[1]["retry_after"] == 30.0
    answer = node.lease()
    assert answer is not None
    assert answer["retry_after"] == 30.0
    node.time += 1.5
    assert node.lease() is None


def test_nothing_is_lent_after_the_lease_is_over() -> None:
    node = Node()
    node.lease()
    node.supply(100)
    node.time += LEASE
    assert node.lease("other") is None
    assert node.supply(1)[0].held == 0


def test_what_a_worker_believes_to_hold_and_does_not_is_void() -> None:
    node = Node()
    node.lease()
    node.supply(100)
    node.time += LEASE
    node.lease(held=8)
    node.supply(1)
    assert node.sent[-1][1]["void"] is True


def test_a_store_that_has_forgotten_its_lease_takes_back_what_is_here() -> None:
    node = Node()
    node.lease(want=4)
    node.supply(100)
    node.lease("other", need=200, least=200)
    node.supply(200, held=0)
    assert node.sent[-1][1]["granted"] == 200
    node.lease(need=1)
    assert node.supply(1)[0].held == 200


def test_what_lies_idle_goes_back_and_is_forgotten() -> None:
    node = Node()
    node.lease(want=4)
    node.supply(100)
    node.authority.on_message("one", {"type": "give_back", "seq": 9, "keys": [["route/r", "alice", 4, 0]]})
    node.time += 1.1
    node.authority.tick()
    asked = node.supply(0)
    assert [(ask.returned, ask.held) for ask in asked] == [(100, 0)]
    node.time += 1.1
    node.authority.tick()
    assert node.authority.known_keys == 0


def test_what_is_in_use_is_renewed_before_it_ends() -> None:
    node = Node()
    node.lease()
    node.supply(100)
    for _ in range(3):
        node.time += 1.01
        node.authority.tick()
    assert [(ask.need, ask.held, ask.returned) for ask in node.supply(0)] == [(0, 100, 0)]


def test_a_question_that_failed_is_asked_again_and_a_refund_is_not() -> None:
    node = Node()
    node.lease(refunded=5, debt=3)
    taken = [pair for partition in range(PARTITIONS) for pair in node.authority.take(partition)]
    node.authority.failed(taken)
    again = node.supply(10)[0]
    assert (again.need, again.debt, again.refunded) == (1, 3, 0)


def test_refunds_are_told_together_as_if_all_were_spent_with_the_first() -> None:
    node = Node()
    node.lease(refunded=2, spent_at=90.0)
    node.lease("other", refunded=3, spent_at=95.0)
    asked = node.supply(10)[0]
    assert (asked.refunded, asked.spent_at) == (5, 90.0)
    node.lease(refunded=1, spent_at=99.0)
    asked = node.supply(10)[0]
    assert (asked.refunded, asked.spent_at) == (1, 99.0)


def test_what_comes_while_the_store_is_asked_is_told_next() -> None:
    node = Node()
    node.lease()
    taken = [pair for partition in range(PARTITIONS) for pair in node.authority.take(partition)]
    node.lease("other", need=0, least=0, want=0, debt=3)
    node.lease("other", need=0, least=0, want=0, refunded=2, spent_at=99.0)
    node.authority.reset("route/r", "alice")
    node.authority.supplied(taken, [Supply(0, 0, 0, 30.0)], node.time)
    assert [(ask.debt, ask.refunded, ask.is_reset) for ask in node.supply(0)] == [(3, 2, True)]


def test_a_reset_that_was_not_heard_is_told_again() -> None:
    node = Node()
    node.lease()
    node.supply(1)
    node.authority.reset("route/r", "alice")
    for _ in range(2):
        taken = [pair for partition in range(PARTITIONS) for pair in node.authority.take(partition)]
        assert [ask.is_reset for _, ask in taken] == [True]
        node.authority.failed(taken)
    assert [ask.is_reset for ask in node.supply(0)] == [True]
    assert node.supply(0) == []


def test_what_a_dead_worker_held_counts_as_spent() -> None:
    node = Node()
    node.lease(need=8, least=8)
    node.supply(8)
    node.authority.worker_gone("one")
    node.lease("other")
    assert node.supply(1)[0].held == 0


def test_the_number_of_keys_is_bounded_and_those_in_use_stay() -> None:
    node = Node(max_keys=3)
    for number in range(3):
        node.lease(key=f"in use {number}")
    answer = node.lease(key="one too many")
    assert answer is not None
    assert answer["must_wait"] is True
    node.supply(8)
    for number in range(3):
        node.authority.on_message(
            "one", {"type": "give_back", "seq": 50 + number, "keys": [["route/r", f"in use {number}", 8, 0]]}
        )
    node.sequence = 100
    assert node.lease(key="now there is room") is None
    assert node.authority.known_keys == 3


def test_operators_see_who_is_limited_and_can_end_it() -> None:
    node = Node()
    node.lease()
    node.supply(0, retry=30.0)
    assert [(each.key, each.limit.scope) for each in node.authority.limited()] == [("alice", "route/r")]
    assert node.authority.reset("route/r", "alice")
    assert not node.authority.reset("route/unknown", "alice")
    assert [ask.is_reset for ask in node.supply(0)] == [True]
    assert not list(node.authority.limited())
    assert node.lease() is None  # and is not denied from memory


@pytest.mark.parametrize("key", ["", "}{", "a\r\nFLUSHALL\r\n", "é" * 128, "\udc80", "\0", "b" + "k" * 127])
def test_a_name_in_the_store_is_a_digest_whatever_the_key_is(key: str) -> None:
    partition, name = key_name("route/r", key)
    assert 0 <= partition < PARTITIONS
    assert len(name) == 22
    assert name.replace("-", "").replace("_", "").isalnum()
    assert len(scope_name(key.encode(errors="replace").decode())) == 11


def test_no_scope_can_reach_into_another() -> None:
    assert key_name("route/a", "b\0c") != key_name("route/a\0b", "c")


def test_a_clock_that_leaps_is_noticed_and_one_that_drifts_is_not() -> None:
    clock = StoreClock()
    clock.answered("e", 5000.0, 5000.0, 100.0, 100.1)
    clock.answered("e", 6000.0, 6000.3, 1100.0, 1100.1)  # 300 ppm fast
    assert not clock.has_leapt
    assert clock.latest(1100.0) <= 6000.3
    clock.answered("e", 6001.0, 6004.0, 1101.0, 1101.1)
    assert clock.has_leapt


def test_the_stores_time_of_something_past_is_never_later_than_it_was() -> None:
    clock = StoreClock()
    assert clock.at(100.0) == 0.0
    clock.answered("e", 5000.0, 5000.0, 100.0, 100.1)  # 5000 at some time from 100.0 to 100.1
    assert 4949 < clock.at(50.0) <= 4949.9
    assert 4999 < clock.at(200.0) <= 5000  # it may have stood still since
    clock.answered("e", 5100.0, 5100.0, 200.0, 200.01)
    clock.answered("e", 5099.0, 5099.0, 199.0, 202.0)  # comes late
    assert 4949.6 < clock.at(50.0) <= 4949.9
    clock.answered("another", 7.0, 7.0, 300.0, 300.1)
    assert clock.at(300.0) <= 7
