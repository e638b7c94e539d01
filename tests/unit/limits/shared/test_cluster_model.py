"""A model of a cluster: whatever happens in whatever order, no key is admitted more than its limit allows.

Real authorities and lease clients, and a model of the store's script (`test_leases_script` shows that it is one).
Calls may be lost, late or repeated, processes die, the store forgets, fails over with lost writes to a server of
another time, and clocks leap. The oracle is the reference bucket: each admitted request takes a
token that must be there.
"""

import asyncio
import random
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from hotgate.limits.decision import LimitDecision
from hotgate.limits.limit import Limit
from hotgate.limits.shared.ask import Ask, key_name
from hotgate.limits.shared.chunk import Chunk
from hotgate.limits.shared.partition import Partition
from hotgate.limits.shared.shared_authority import SharedAuthority
from hotgate.limits.shared.shared_lease_client import SharedLeaseClient
from hotgate.limits.shared.terms import Terms
from unit.limits.shared.counter_model import ModelServer

Message = dict[str, Any]

TOLERANCE = 1e-5
KEYS = ("alice", "bob")
LIMITS = ((1, 1.0, 1), (3, 10.0, 3), (8, 4.0, 8), (30, 60.0, 30), (200, 10.0, 400), (10, 1.0, 40))
GRACE = 8.0
WAITS = (0.01, 0.3, 1.0, 3.0, 6.0, 30.0)
slots = st.integers(0, 5)


@dataclass
class Reference:
    """What the limit allows: every admitted request takes a token, and there must be one."""

    limit: Limit
    level: float
    updated: float

    def take(self, now: float) -> bool:
        self.level = min(self.limit.capacity, self.level + (now - self.updated) * self.limit.rate) - 1
        self.updated = now
        return self.level >= -TOLERANCE


@dataclass
class Sent:
    """A call on its way. replies: what the servers that heard it have answered."""

    partition: int
    head: str
    body: str
    at: float
    taken: list[tuple[Chunk, Ask]]
    replies: list[list[bytes]]


class Worker:
    def __init__(self, name: str, node: "Node") -> None:
        self.name = name
        self.node = node
        self.outbox: list[Message] = []
        self.client = SharedLeaseClient(self.outbox.append, node.clock)


class Node:
    """A machine: its clock, its workers, its control process if that lives, and the calls it waits for."""

    def __init__(self, place: str, cluster: "Cluster", *, ahead: float, drift: float) -> None:
        self.place = place
        self.cluster = cluster
        self.ahead = ahead
        self.drift = drift
        self.workers: list[Worker] = []
        self.incarnation = 0
        self.authority: SharedAuthority | None = None

    def clock(self) -> float:
        return self.cluster.time * self.drift + self.ahead

    def start_control(self, left_behind: list[str]) -> None:
        self.incarnation += 1
        terms = self.cluster.terms(self.place)
        self.authority = SharedAuthority(terms, self.clock, self.send, lambda _: None, workers=2)
        self.authority.expect(left_behind)
        name = f"{self.place}.{self.incarnation}"
        authority = self.authority
        self.partitions = {
            number: Partition(name, terms, lambda: authority.weight) for number in self.cluster.partitions
        }
        self.waiting: dict[int, Sent] = {}
        self.is_lost = False

    def send(self, name: str, message: Message) -> None:
        for worker in self.workers:
            if worker.name == name:
                worker.client.on_message(message)

    def connect(self, worker: Worker) -> None:
        """A worker says hello, over a new connection or because the store was found."""
        assert self.authority is not None
        worker.outbox.clear()
        worker.client.on_message(self.authority.hello(worker.name, worker.client.authority_found()))
        if self.is_lost:
            self.authority.worker_lost(worker.name)
            worker.client.authority_lost()

    def carry(self) -> None:
        """What workers have said reaches the control process, and its answers them."""
        for worker in self.workers:
            while worker.outbox:
                message = worker.outbox.pop(0)
                if self.authority is not None:
                    answer = self.authority.on_message(worker.name, message)
                    if answer is not None:
                        worker.client.on_message(answer)


class Cluster(RuleBasedStateMachine):
    """Rules are the events. Futures resolve on a loop that is stepped by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 1000.0
        self.loop = asyncio.new_event_loop()
        self.names = 0
        self.nodes: list[Node] = []
        self.in_the_air: list[Sent] = []
        self.futures: list[tuple[Worker, str, asyncio.Future[LimitDecision | None]]] = []
        self.admitted = 0
        self.hears_old = False

    def teardown(self) -> None:
        for _, _, future in self.futures:
            future.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()

    def terms(self, place: str) -> Terms:
        count = len(self.places) if self.is_shared else 0
        return Terms(place=place, nodes=count, when_lost="share" if self.is_shared else "closed", grace=GRACE)

    @initialize(
        count=st.integers(1, 3),
        limit=st.sampled_from(LIMITS),
        is_shared=st.booleans(),
        skew=st.sampled_from([-1e6, 0.0, 5.0]),
    )
    def start(self, count: int, limit: tuple[int, float, int], is_shared: bool, skew: float) -> None:
        self.is_shared = is_shared
        self.limit = Limit("route/r", quota=limit[0], window=limit[1], burst=limit[2])
        self.partitions = sorted({key_name(self.limit.scope, key)[0] for key in KEYS})
        self.places = [str(number) for number in range(count)]
        self.reference = {key: Reference(self.limit, self.limit.capacity, self.time) for key in KEYS}
        self.skew = 2e6 + skew
        self.runs = 0
        self.servers = self._new_servers()
        self.old: tuple[float, float, dict[int, ModelServer]] | None = None
        self.backup = deepcopy(self.servers)
        for number, place in enumerate(self.places):
            # What accrues alone accrues by the node's own clock, so its rate is the promise's; else it may be wrong.
            drift = 1.0 if is_shared else (1.0, 0.9997, 1.0003)[number % 3]
            node = Node(place, self, ahead=1e5 * number, drift=drift)
            node.start_control([])
            self.nodes.append(node)
            for _ in range(2):
                self._start_worker(node)
        self.wait(20.0)

    @rule(slot=slots, which=st.integers(0, 1), key=st.sampled_from(KEYS), times=st.sampled_from([1, 1, 2, 5, 30]))
    def request(self, slot: int, which: int, key: str, times: int) -> None:
        node = self._node(slot)
        if not node.workers:
            return
        worker = node.workers[which % len(node.workers)]

        async def spend() -> None:
            for _ in range(times):
                outcome = worker.client.spend(self.limit, key)
                if isinstance(outcome, asyncio.Future):
                    self.futures.append((worker, key, outcome))
                elif isinstance(outcome, LimitDecision) and outcome.allowed:
                    self._admit(key)

        self.loop.run_until_complete(spend())
        node.carry()
        self._collect()

    @rule(slot=slots)
    def talk(self, slot: int) -> None:
        """Calls of a node whose network is fine, until it has nothing to ask."""
        node = self._node(slot)
        if node.authority is None:
            return
        for number in self.partitions:
            for _ in range(3):
                if number in node.waiting:
                    self._give_up(node, number)
                sent = self._send(node, number)
                self._arrive(sent)
                self._answer(node, sent)
        node.carry()
        self._collect()

    @rule(slot=slots, which=st.integers(0, 1), key=st.sampled_from(KEYS), times=st.sampled_from([1, 3, 30]))
    def serve(self, slot: int, which: int, key: str, times: int) -> None:
        self.request(slot, which, key, times)
        self.talk(slot)

    @rule(key=st.sampled_from(KEYS))
    def exhaust(self, key: str) -> None:
        for slot in range(len(self.nodes)):
            for which in (0, 1):
                before = -1
                while before < self.admitted:
                    before = self.admitted
                    self.serve(slot, which, key, 30)

    @rule(slot=slots, number=st.integers(0, 1))
    def send_call(self, slot: int, number: int) -> None:
        """A call that goes into the air."""
        node, partition = self._node(slot), self.partitions[number % len(self.partitions)]
        if node.authority is not None and partition not in node.waiting:
            self.in_the_air.append(self._send(node, partition))

    @rule(old=st.booleans())
    def reach(self, old: bool) -> None:
        """From now on calls reach the primary that was replaced, as long as it does not know, or the new one."""
        self.hears_old = old

    @rule(index=st.integers(0, 4), stays=st.booleans())
    def call_arrives(self, index: int, stays: bool) -> None:
        """Whatever is in the air reaches the server, perhaps not for the last time."""
        if self.in_the_air:
            index %= len(self.in_the_air)
            self._arrive(self.in_the_air[index])
            if not stays:
                self.in_the_air.pop(index)

    @rule(slot=slots, number=st.integers(0, 1))
    def answer_arrives(self, slot: int, number: int) -> None:
        node, partition = self._node(slot), self.partitions[number % len(self.partitions)]
        sent = node.waiting.get(partition) if node.authority is not None else None
        if sent is not None and sent.replies:
            self._answer(node, sent)
            node.carry()
            self._collect()

    @rule(slot=slots)
    def time_out(self, slot: int) -> None:
        node = self._node(slot)
        if node.authority is not None:
            for number in list(node.waiting):
                self._give_up(node, number)

    @rule(slot=slots)
    def lose_store(self, slot: int) -> None:
        """A node decides that the store is out of reach."""
        node = self._node(slot)
        if node.authority is None or node.is_lost:
            return
        self.time_out(slot)
        node.is_lost = True
        node.authority.store_lost()
        for worker in node.workers:
            worker.client.authority_lost()
        self._collect()

    @rule(slot=slots)
    def find_store(self, slot: int) -> None:
        node = self._node(slot)
        if node.authority is None or not node.is_lost:
            return
        self.talk(slot)
        node.is_lost = False
        for worker in node.workers:
            node.connect(worker)
        self.talk(slot)

    @rule(seconds=st.sampled_from(WAITS))
    def wait(self, seconds: float) -> None:
        """Time passes; who can talks, every second as a node does."""
        left = seconds
        while left > 0:
            step = min(left, 1.0)
            left -= step
            self.time += step
            for slot, node in enumerate(self.nodes):
                for worker in node.workers:
                    worker.client.tick(node.clock())
                node.carry()
                if node.authority is not None:
                    node.authority.tick()
                    if step == 1.0 and not node.is_lost and not node.waiting:
                        self.talk(slot)
            self._collect()

    @rule(seconds=st.sampled_from(WAITS))
    def silence(self, seconds: float) -> None:
        """Time passes while nobody runs, as when machines are suspended."""
        self.time += seconds

    @rule(slot=slots, which=st.integers(0, 1))
    def crash_worker(self, slot: int, which: int) -> None:
        node = self._node(slot)
        if node.authority is None or not node.workers:
            return
        worker = node.workers[which % len(node.workers)]
        self._kill(worker)
        node.authority.worker_gone(worker.name)
        self._start_worker(node)

    @rule(slot=slots)
    def crash_control(self, slot: int) -> None:
        node = self._node(slot)
        if node.authority is None:
            return
        node.authority = None
        for worker in node.workers:
            worker.client.authority_lost()
        self._collect()

    @rule(slot=slots)
    def restart_control(self, slot: int) -> None:
        node = self._node(slot)
        if node.authority is not None:
            return
        node.start_control([worker.name for worker in node.workers])
        for worker in node.workers:
            node.connect(worker)

    @rule(slot=slots)
    def crash_node(self, slot: int) -> None:
        """Everything of it, and it comes back with new processes."""
        node = self._node(slot)
        for worker in list(node.workers):
            self._kill(worker)
        node.start_control([])
        for _ in range(2):
            self._start_worker(node)

    @rule()
    def replicate(self) -> None:
        """The replica has everything until here."""
        self.backup = deepcopy(self.servers)

    @rule(skew=st.sampled_from([-100.0, 0.0, 0.5, 1000.0]), split=st.booleans())
    def fail_over(self, skew: float, split: bool) -> None:
        """To a replica that misses writes, on a machine of another time; the old primary may not know it yet."""
        self.old = (self.time, self.skew, self.servers) if split else None
        self.skew += skew
        self.servers = self.backup
        self.runs += 1
        for server in self.servers.values():
            server.run = str(self.runs)
        self.backup = deepcopy(self.servers)

    @rule()
    def restart_store(self) -> None:
        self.servers = self._new_servers()
        self.backup = deepcopy(self.servers)

    @rule()
    def flush_store(self) -> None:
        """FLUSHALL, or everything evicted: the server is the same, and what it kept is gone."""
        for server in self.servers.values():
            server.kept = None

    @rule(seconds=st.sampled_from([-50.0, -0.5, 3.0, 1000.0]))
    def set_clock(self, seconds: float) -> None:
        """The server's clock leaps, and a node that knows it talks to it before one that never did."""
        informed = [slot for slot, node in enumerate(self.nodes) if self._knows_time(node)]
        if informed:
            self.skew += seconds
        for slot in informed:
            self.talk(slot)

    def _knows_time(self, node: Node) -> bool:
        """Of all servers, as they are now."""
        epochs = {number: server.kept and server.kept.epoch for number, server in self.servers.items()}
        return node.authority is not None and all(node.partitions[each].epoch == epochs[each] for each in epochs)

    def _new_servers(self) -> dict[int, ModelServer]:
        self.runs += 1
        return {number: ModelServer(str(self.runs)) for number in self.partitions}

    def _node(self, slot: int) -> Node:
        return self.nodes[slot % len(self.nodes)]

    def _send(self, node: Node, number: int) -> Sent:
        assert node.authority is not None
        at = node.clock()
        taken = node.authority.take(number)
        head, body = node.partitions[number].call([ask for _, ask in taken], at)
        sent = node.waiting[number] = Sent(number, head, body, at, taken, [])
        return sent

    def _arrive(self, sent: Sent) -> None:
        """At the server, or at the one before it, as long as that may go on."""
        if self.old is not None and self.time - self.old[0] < GRACE and self.hears_old:
            server, skew = self.old[2][sent.partition], self.old[1]
        else:
            server, skew = self.servers[sent.partition], self.skew
        sent.replies.append(server.evaluate(self.time + skew, sent.head, sent.body))

    def _answer(self, node: Node, sent: Sent) -> None:
        assert node.authority is not None
        if node.waiting.get(sent.partition) is not sent:
            return
        try:
            partition, asks = node.partitions[sent.partition], [ask for _, ask in sent.taken]
            supplies = partition.answered(sent.replies[-1], asks, sent.at, node.clock())
        except ValueError:
            self._give_up(node, sent.partition)
            return
        del node.waiting[sent.partition]
        node.authority.supplied(sent.taken, supplies, sent.at)

    def _give_up(self, node: Node, number: int) -> None:
        assert node.authority is not None
        node.authority.failed(node.waiting.pop(number).taken)

    def _start_worker(self, node: Node) -> None:
        self.names += 1
        worker = Worker(str(self.names), node)
        node.workers.append(worker)
        node.connect(worker)

    def _kill(self, worker: Worker) -> None:
        worker.node.workers.remove(worker)
        for owner, _, future in self.futures:
            if owner is worker:
                future.cancel()
        self.futures = [each for each in self.futures if each[0] is not worker]

    def _collect(self) -> None:
        still = []
        for worker, key, future in self.futures:
            if not future.done():
                still.append((worker, key, future))
                continue
            decision = future.result()
            if decision is not None and decision.allowed:
                self._admit(key)
        self.futures = still

    def _admit(self, key: str) -> None:
        self.admitted += 1
        assert self.reference[key].take(self.time), f"{key} was admitted more than {self.limit.definition()} allows"


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


@pytest.mark.parametrize("seed", range(6))
def test_no_long_schedule_exceeds_the_limit(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(12):
        cluster = Cluster()
        try:
            cluster.start(chance.randint(1, 3), chance.choice(LIMITS), chance.random() < 0.6, chance.choice([0.0, 5.0]))
            for _ in range(120):
                step(cluster, chance)
        finally:
            cluster.teardown()
    assert cluster.admitted
