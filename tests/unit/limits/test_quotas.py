"""Quotas for periods: a node whose authority gets its tokens from a ledger, which dies and comes back."""

import asyncio
import random
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any

import pytest

from hotgate.limits.authority import LeaseAuthority
from hotgate.limits.decision import LimitDecision
from hotgate.limits.lease_client import LeaseClient
from hotgate.limits.limit import Limit
from hotgate.limits.quotas.calendar import Calendar
from hotgate.limits.quotas.period_bucket import PART
from hotgate.limits.quotas.supplies import Supply

MIDNIGHT = datetime(2026, 11, 27, tzinfo=UTC).timestamp()
DAY = 86400.0


class Node:
    """One authority, some workers, and a ledger that counts in `used` what it has given out."""

    def __init__(self, quota: int = 100, workers: int = 1, keys: int = 1000) -> None:
        self.keys = keys
        self.now = 1000.0
        self.wall = MIDNIGHT - 3600
        self.calendar = Calendar("day@UTC", lambda: self.wall)
        self.limit = Limit("quota/r", quota=quota, window=DAY, kind="period", calendar=self.calendar)
        self.used: dict[tuple[str, float], int] = {}
        self.writes = 0
        self.names = [str(number) for number in range(workers)]
        self.sent: dict[str, list[dict[str, Any]]] = {name: [] for name in self.names}
        self.clients = {name: self.new_client(name) for name in self.names}
        self.start_authority()

    def new_client(self, name: str) -> LeaseClient:
        return LeaseClient(self.sent[name].append, lambda: self.now, max_keys=self.keys)

    def start_authority(self) -> None:
        self.authority = LeaseAuthority(lambda: self.now, workers=len(self.names), wall=lambda: self.wall)
        for name, client in self.clients.items():
            client.on_message(self.authority.hello(name, client.authority_found()))

    def kill_everything(self) -> None:
        for name in self.names:
            self.sent[name].clear()
            self.clients[name] = self.new_client(name)
        self.start_authority()

    def carry(self, *, is_ledger_up: bool = True) -> None:
        while any(self.sent.values()) or (is_ledger_up and not self.authority.supplies.is_empty):
            for name in self.names:
                while self.sent[name]:
                    answer = self.authority.on_message(name, self.sent[name].pop(0))
                    if answer is not None:
                        self.clients[name].on_message(answer)
            if is_ledger_up:
                self.fetch()

    def fetch(self) -> None:
        wants, unused = self.authority.supplies.take(100)
        self.writes += bool(wants or unused)
        for each in unused:
            self.used[each.key, each.ends] -= each.tokens
        for want in wants:
            ends = self.calendar.period(self.wall)[1]
            ends = max([ends, *(known for key, known in self.used if key == want.key)])
            used = self.used.get((want.key, ends), 0)
            tokens = max(0, min(want.tokens, want.limit.quota - used))
            self.used[want.key, ends] = used + tokens
            supply = Supply(tokens, want.limit.quota - used - tokens, ends)
            for name, answer in self.authority.supply(want.limit.scope, want.key, supply):
                self.clients[name].on_message(answer)

    def pass_time(self, seconds: float) -> None:
        for _ in range(int(seconds * 4)):
            self.now += 0.25
            self.wall += 0.25
            for client in self.clients.values():
                client.tick(self.now)
            self.carry()

    def reload(self, quota: int) -> None:
        """To another number."""
        self.limit = Limit("quota/r", quota=quota, window=DAY, kind="period", calendar=self.calendar)
        for client in self.clients.values():
            client.follow({self.limit.scope: self.limit})

    async def spend(self, name: str = "0", key: str = "k", cost: int = 1) -> LimitDecision | None:
        outcome = self.clients[name].spend(self.limit, key, cost)
        self.carry()
        return await outcome if isinstance(outcome, Awaitable) else outcome

    def admitted(self, times: int, name: str = "0", key: str = "k", cost: int = 1) -> int:
        async def scenario() -> int:
            decisions = [await self.spend(name, key, cost) for _ in range(times)]
            return sum(decision is not None and decision.allowed for decision in decisions)

        return asyncio.run(scenario())


def test_a_quota_is_exact_over_workers_and_writes_are_few() -> None:
    node = Node(10_000, workers=2)
    assert sum(node.admitted(600, str(number % 2)) for number in range(20)) == 10_000
    assert node.writes < 10_000 / 20


def test_answers_say_what_is_left_and_when_there_is_more() -> None:
    node = Node(100)
    decision = asyncio.run(node.spend())
    assert decision is not None
    assert decision.remaining == 99
    node.admitted(99)
    denied = asyncio.run(node.spend())
    assert denied is not None
    assert (denied.allowed, denied.remaining, denied.retry_after) == (False, 0, 3600)


def test_a_new_period_brings_a_new_quota_and_tokens_of_the_old_one_are_void() -> None:
    node = Node(1000)
    node.admitted(500)
    node.pass_time(3600)
    assert node.admitted(2000) == 1000


def test_at_the_end_of_a_period_all_keys_go_back_together() -> None:
    """There may be a hundred thousand, and a message for each would take seconds."""
    node = Node(1000)
    node.pass_time(3590)
    for number in range(30):
        node.admitted(2, key=f"key-{number}")
    assert any(leased.on_lease for leased in node.authority.buckets())
    node.now += 9.5
    node.wall += 9.5
    node.clients["0"].tick(node.now)
    (message,) = node.sent["0"]
    assert (message["type"], len(message["keys"])) == ("give_back", 30)
    node.carry()
    assert not any(leased.on_lease for leased in node.authority.buckets())


def test_at_the_very_end_of_a_period_no_token_is_kept_for_the_next() -> None:
    node = Node(1000, workers=2)
    node.pass_time(3597)
    admitted: dict[float, int] = {}
    for _ in range(40):
        for name in node.names:
            period = node.calendar.period(node.wall)[1]
            admitted[period] = admitted.get(period, 0) + node.admitted(60, name)
        node.pass_time(0.25)
    assert set(admitted.values()) == {1000}


@pytest.mark.parametrize("seed", range(10))
def test_no_more_than_the_quota_survives_anything(seed: int) -> None:
    chance = random.Random(seed)
    node = Node(chance.choice([3, 100, 1000]), workers=2)
    admitted: dict[float, int] = {}
    for _ in range(400):
        match chance.choices(range(7), weights=[60, 5, 3, 3, 3, 2, 2])[0]:
            case 0:
                period = max([node.calendar.period(node.wall)[1], *admitted])
                times, name = chance.choice([1, 5, 40]), chance.choice(node.names)
                admitted[period] = admitted.get(period, 0) + node.admitted(times, name)
            case 1:
                node.pass_time(chance.choice([0.25, 1, 3]))
            case 2:
                node.kill_everything()
            case 3:
                node.start_authority()
            case 4:
                node.wall += chance.choice([600, DAY / 3])  # all processes were stopped, or the clock was set
            case 5:
                node.wall -= chance.choice([1, 600, DAY, 10 * DAY])
            case 6:
                node.clients["0"].release()
                node.carry()
        for name in node.names:
            node.clients[name].tick(node.now)
        node.carry()
        assert all(count <= node.limit.quota for count in admitted.values())
    assert admitted


def test_a_clock_that_goes_back_gives_no_second_quota() -> None:
    node = Node(10)
    node.admitted(10)
    node.pass_time(3600)
    assert node.admitted(10) == 10
    for back in (1, 3600, DAY, 30 * DAY):
        node.wall -= back
        assert node.admitted(5) == 0
        node.kill_everything()
        assert node.admitted(5) == 0
        node.wall += back


def test_with_all_processes_killed_only_a_part_is_lost() -> None:
    node = Node(10_000)
    before = node.admitted(100)
    node.kill_everything()
    assert 10_000 - 2 * 10_000 / PART <= before + node.admitted(12_000) < 10_000


def test_what_was_not_used_comes_back_but_not_into_another_period() -> None:
    node = Node(100)
    spent_at = node.now
    node.admitted(1, cost=90)
    node.clients["0"].refund(node.limit, "k", 80, spent_at)
    node.pass_time(2)
    assert node.admitted(100) == 90
    node.pass_time(3600)
    assert node.admitted(40) == 40
    node.clients["0"].refund(node.limit, "k", 90, spent_at)
    node.pass_time(2)
    assert node.admitted(300) == 60


def test_a_charge_is_paid_by_what_is_left() -> None:
    node = Node(100)
    node.admitted(1)
    node.clients["0"].charge(node.limit, "k", 60)
    node.carry()
    assert node.admitted(100) == 39


def test_without_the_ledger_nothing_is_lent_that_was_not_fetched() -> None:
    async def scenario() -> None:
        node = Node(100)
        outcome = node.clients["0"].spend(node.limit, "k")
        node.carry(is_ledger_up=False)
        node.now += 1
        node.clients["0"].tick(node.now)
        assert isinstance(outcome, Awaitable)
        assert await outcome is None

    asyncio.run(scenario())


def test_alone_a_worker_spends_what_it_holds_until_the_period_ends() -> None:
    node = Node(10_000)
    node.admitted(40)
    node.clients["0"].authority_lost()
    held = sum(
        decision is not None and decision.allowed for decision in [asyncio.run(node.spend()) for _ in range(500)]
    )
    assert 0 < held < 10_000 / PART
    assert asyncio.run(node.spend()) is None
    node.start_authority()
    node.admitted(40)
    node.clients["0"].authority_lost()
    node.now += 3600
    node.wall += 3600
    node.clients["0"].tick(node.now)
    assert asyncio.run(node.spend()) is None


def test_another_quota_counts_what_was_used() -> None:
    node = Node(100)
    node.admitted(60)
    node.reload(70)
    node.pass_time(3)
    assert node.admitted(100) <= 10
    node.reload(200)
    node.pass_time(61)
    assert 120 <= node.admitted(300) <= 130


def test_a_flood_of_keys_costs_nobody_his_quota() -> None:
    node = Node(1000, keys=10)
    node.authority = LeaseAuthority(lambda: node.now, max_keys=10, wall=lambda: node.wall)
    node.clients["0"].on_message(node.authority.hello("0", node.clients["0"].authority_found()))
    admitted = 0
    for number in range(100):
        admitted += node.admitted(1, key="victim")
        node.pass_time(2)
        for other in range(12):
            node.admitted(1, key=f"flood-{number}-{other}")
            node.pass_time(2)
    assert admitted == 100
    assert node.used["victim", MIDNIGHT] <= 100 + 1000 / PART + 1


def test_a_quota_that_others_have_used_up_is_not_asked_for_again_and_again() -> None:
    node = Node(100)
    node.used["k", MIDNIGHT] = 100
    for _ in range(25):
        assert node.admitted(1) == 0
        node.pass_time(2)
        node.authority.tick()
    assert node.writes == 1


def test_a_reset_gives_the_whole_quota_but_for_what_is_out() -> None:
    node = Node(1000)
    node.admitted(1000)
    assert node.admitted(1) == 0
    node.used.clear()
    assert node.authority.reset("quota/r", "k")
    node.pass_time(2)
    assert node.admitted(2000) == 1000


def test_another_limit_brings_back_what_was_fetched_and_counts_what_was_used() -> None:
    node = Node(10_000)
    assert node.admitted(300) == 300
    for quota in (20_000, 10_000) * 10:  # as a reload does, or old workers beside new ones
        node.reload(quota)
        assert node.admitted(1) == 1
    node.clients["0"].release()
    node.carry()
    node.authority.leave_supplies()
    node.carry()
    assert sum(node.used.values()) == 320
