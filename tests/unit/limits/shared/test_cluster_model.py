"""A model of a cluster: whatever happens in whatever order, no key is admitted more than its limit allows.

Real authorities and lease clients, and a model of the store's script (`test_leases_script` shows that it is one).
Calls may be lost, late or repeated, processes die, the store forgets, fails over with lost writes to a server of
another time, and clocks leap. What each admitted request takes from the oracle must be there.
"""

import random
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

from hotgate.limits.sliding_window import SlidingWindow
from unit.limits.shared.cluster_machine import LIMITS, WAITS, Cluster

WINDOWS = [limit for limit in LIMITS if limit.bucket is SlidingWindow]
TELLING = (74, 231, 241, 310, 345, 383, 439, 603)  # seeds whose schedules have noticed rules that were left out

Cluster.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
test_no_schedule_exceeds_the_limit = Cluster.TestCase


def step(cluster: Cluster, chance: random.Random) -> None:
    """One lifelike event."""
    slot, which, key = chance.randrange(3), chance.randrange(2), chance.choice(["alice", "alice", "bob"])
    events: dict[Callable[[], None], int] = {
        lambda: cluster.serve(slot, which, key, chance.choice([1, 1, 3, 30])): 30,
        lambda: cluster.request(slot, which, key, chance.choice([1, 5, 30])): 10,
        lambda: cluster.refund(slot, which, key, chance.randrange(30)): 8,
        lambda: cluster.exhaust(key): 10,
        lambda: cluster.wait(chance.choice(WAITS)): 14,
        lambda: cluster.silence(chance.choice(WAITS)): 2,
        lambda: cluster.send_call(slot, which): 4,
        lambda: cluster.call_arrives(chance.randrange(5), chance.random() < 0.3): 6,
        lambda: cluster.answer_arrives(slot, which): 4,
        lambda: cluster.time_out(slot): 2,
        lambda: cluster.lose_store(slot): 4,
        lambda: cluster.find_store(slot): 5,
        lambda: cluster.crash_worker(slot, which): 2,
        lambda: cluster.crash_control(slot): 2,
        lambda: cluster.restart_control(slot): 5,
        lambda: cluster.crash_node(slot): 1,
        lambda: cluster.reach(chance.random() < 0.5): 2,
        cluster.replicate: 4,
        lambda: cluster.fail_over(chance.choice([-100.0, 0.0, 1000.0]), chance.random() < 0.5): 2,
        cluster.restart_store: 1,
        cluster.flush_store: 1,
        lambda: cluster.set_clock(chance.choice([-50.0, -0.5, 3.0, 1000.0])): 2,
    }
    chance.choices(list(events), weights=list(events.values()))[0]()


def slow_step(cluster: Cluster, chance: random.Random) -> None:
    """One event where answers, and what is said of them, may take longer than a window."""
    slot, which, key, window = chance.randrange(3), chance.randrange(2), "alice", cluster.limit.window
    events: dict[Callable[[], None], int] = {
        lambda: cluster.serve(slot, which, key, chance.choice([1, 1, 3, 30])): 30,
        lambda: cluster.request(slot, which, key, chance.choice([1, 5])): 10,
        lambda: cluster.refund(slot, which, key, chance.randrange(30)): 30,
        lambda: cluster.talk(slot): 6,
        lambda: cluster.exhaust(key): 8,
        lambda: cluster.wait(window * chance.choice([0.05, 0.2, 0.45, 0.45, 1.05])): 20,
        lambda: cluster.silence(window * chance.choice([0.05, 0.3])): 2,
        lambda: cluster.send_call(slot, which): 4,
        lambda: cluster.call_arrives(chance.randrange(5), chance.random() < 0.3): 6,
        lambda: cluster.answer_arrives(slot, which): 4,
        lambda: cluster.time_out(slot): 1,
        lambda: cluster.set_clock(chance.choice([-0.5, 0.2])): 1,
        lambda: cluster.crash_worker(slot, which): 1,
    }
    chance.choices(list(events), weights=list(events.values()))[0]()


@pytest.mark.parametrize("seed", range(6))
def test_no_long_schedule_exceeds_the_limit(seed: int) -> None:
    chance, admitted = random.Random(seed), 0
    for _ in range(12):
        cluster = Cluster()
        try:
            cluster.start(chance.randint(1, 3), chance.choice(LIMITS), chance.random() < 0.6, chance.choice([0.0, 5.0]))
            for _ in range(120):
                step(cluster, chance)
        finally:
            cluster.teardown()
        admitted += cluster.admitted
    assert admitted > 100


@pytest.mark.parametrize("seed", TELLING)
def test_no_refund_lets_a_window_have_more_however_late_it_is(seed: int) -> None:
    chance, cluster = random.Random(seed), Cluster()
    try:
        cluster.start(chance.randint(1, 2), chance.choice(WINDOWS), False, 0.0)
        for _ in range(60):
            slow_step(cluster, chance)
    finally:
        cluster.teardown()
    assert cluster.admitted
