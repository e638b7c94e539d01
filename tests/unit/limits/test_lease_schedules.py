"""Long, lifelike schedules of the model of a node (`test_lease_model.py`), always the same ones."""

import random
from collections.abc import Callable

import pytest

from hotgate.limits.limit import Limit
from hotgate.limits.sliding_window import SlidingWindow
from unit.limits.model_worker import KEYS
from unit.limits.test_lease_model import LIMITS, Node

WINDOWS = [limit for limit in LIMITS if limit.bucket is SlidingWindow]
WINDOWS += [Limit("route/r", quota=300, window=6.0, kind="window")]  # of which something is lent ahead


def live_step(node: Node, chance: random.Random) -> None:
    """One lifelike event while the authority lives."""
    slot, key = chance.randrange(4), chance.choice(["alice", "alice", "bob"])
    cost = chance.choice([1, 1, 1, 1, 2, 3, 7, 20])
    events: dict[Callable[[], None], int] = {
        lambda: node.serve(slot, key, chance.choice([1, 1, 1, 3, 12]), cost): 35,
        lambda: node.request(slot, key, chance.choice([1, 2, 12]), cost): 10,
        lambda: node.refund(slot, key, cost, 3 * slot + cost): 8,
        lambda: node.charge(slot, key, cost): 3,
        lambda: node.deliver_up(slot, chance.choice([0, 0, 1]), chance.random() < 0.3): 7,
        lambda: node.deliver_down(slot, chance.choice([0, 0, 1]), chance.random() < 0.3): 7,
        lambda: node.exhaust(key): 6,
        lambda: node.wait(chance.choice([0.01, 0.25, 1.0, 3.0, 20.0])): 12,
        lambda: node.exchange(slot): 3,
        lambda: node.lose_message(slot, chance.random() < 0.5): 2,
        lambda: node.release(slot): 2,
        lambda: node.crash_worker(slot, chance.random() < 0.8): 2,
        lambda: node.lose_connection(slot): 3,
        lambda: node.connect(slot): 4,
        lambda: node.crash_authority(chance.random() < 0.7, chance.choice([0.0, 0.5, 2.0, 30.0])): 5,
        node.add_worker: 2,
        lambda: node.reload(chance.choice(LIMITS)): 2,
    }
    chance.choices(list(events), weights=list(events.values()))[0]()


def outage_step(node: Node, chance: random.Random) -> None:
    """One lifelike event while there is no authority."""
    slot, key = chance.randrange(4), chance.choice(KEYS)
    cost = chance.choice([1, 1, 1, 1, 2, 3, 7, 20])
    events: dict[Callable[[], None], int] = {
        lambda: node.restart_authority(
            chance.choice([0, 2, 60]), chance.choice([0, 9, 9, 9]), chance.choice([1, 1, 0])
        ): 7,
        lambda: node.notice_crash(slot): 3,
        lambda: node.request(slot, key, chance.choice([1, 1, 2, 12]), cost): 6,
        lambda: node.refund(slot, key, cost, 3 * slot + cost): 2,
        lambda: node.charge(slot, key, cost): 1,
        lambda: node.wait(chance.choice([0.01, 0.25, 1.0, 3.0, 20.0])): 4,
    }
    chance.choices(list(events), weights=list(events.values()))[0]()


def slow_step(node: Node, chance: random.Random) -> None:
    """One event where answers, and what is said of them, may take longer than a window."""
    slot, key = chance.randrange(4), chance.choice(["alice"] * 4 + ["bob"])
    cost, window = chance.choice([1, 1, 1, 2, 5]), node.limit.window
    events: dict[Callable[[], None], int] = {
        lambda: node.serve(slot, key, chance.choice([1, 1, 3, 12]), cost): 25,
        lambda: node.request(slot, key, chance.choice([1, 2, 12]), cost): 10,
        lambda: node.refund(slot, key, cost, chance.randrange(40)): 25,
        lambda: node.charge(slot, key, cost): 2,
        lambda: node.deliver_up(slot, chance.choice([0, 0, 1]), chance.random() < 0.2): 8,
        lambda: node.deliver_down(slot, chance.choice([0, 0, 1]), chance.random() < 0.2): 8,
        lambda: node.exhaust(key): 6,
        lambda: node.wait(window * chance.choice([0.05, 0.2, 0.45, 0.45, 1.05])): 20,
        lambda: node.exchange(slot): 6,
        lambda: node.lose_message(slot, chance.random() < 0.5): 1,
        lambda: node.lose_connection(slot): 2,
        lambda: node.connect(slot): 3,
        lambda: node.crash_worker(slot, chance.random() < 0.8): 1,
    }
    chance.choices(list(events), weights=list(events.values()))[0]()


@pytest.mark.parametrize("seed", range(8))
def test_no_long_schedule_exceeds_the_limit(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(100):
        node = Node()
        try:
            node.start(chance.randint(1, 3), chance.choice(LIMITS), chance.choice([(1, 100), (100, 1), (100, 100)]))
            for _ in range(60):
                (live_step if node.is_alive else outage_step)(node, chance)
                node.level_and_leases_fit_the_bucket()
                node.the_authority_believes_in_no_more_than_there_is()
        finally:
            node.teardown()


@pytest.mark.parametrize("seed", range(4))
def test_no_refund_lets_a_window_have_more_however_late_it_is(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(60):
        node = Node()
        try:
            node.start(chance.randint(1, 2), chance.choice(WINDOWS), chance.choice([(100, 100), (100, 100), (1, 100)]))
            for _ in range(60):
                slow_step(node, chance)
                node.level_and_leases_fit_the_bucket()
                node.the_authority_believes_in_no_more_than_there_is()
        finally:
            node.teardown()
