"""All that may happen to a cluster, as rules that Hypothesis or a schedule chooses among; see `test_cluster_model`."""

import asyncio
from copy import deepcopy

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from hotgate.limits.decision import LimitDecision
from hotgate.limits.limit import Limit
from hotgate.limits.shared.ask import key_name
from hotgate.limits.shared.terms import Terms
from hotgate.limits.sliding_window import SlidingWindow
from unit.limits.oracles import Oracle, oracle
from unit.limits.shared.cluster_node import TOLERANCE, Node, Sent, Use, Worker
from unit.limits.shared.counter_model import ModelServer

KEYS = ("alice", "bob")
BUCKETS = ((1, 1.0, 1), (3, 10.0, 3), (8, 4.0, 8), (30, 60.0, 30), (200, 10.0, 400), (10, 1.0, 40))
WINDOWS = ((3, 10.0), (8, 4.0), (30, 16.0), (300, 6.0))
LIMITS = [Limit("route/r", quota=quota, window=window, burst=burst) for quota, window, burst in BUCKETS]
LIMITS += [Limit("route/r", quota=quota, window=window, kind="window") for quota, window in WINDOWS]
GRACE = 8.0
WAITS = (0.01, 0.3, 1.0, 3.0, 6.0, 30.0)
slots = st.integers(0, 5)


class Cluster(RuleBasedStateMachine):
    """Rules are the events. Futures resolve on a loop that is stepped by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 1000.0
        self.loop = asyncio.new_event_loop()
        self.names = 0
        self.nodes: list[Node] = []
        self.in_the_air: list[Sent] = []
        self.futures: list[tuple[Worker, str, float, asyncio.Future[LimitDecision | None]]] = []
        self.admitted = 0
        self.hears_old = False

    def teardown(self) -> None:
        for *_, future in self.futures:
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
    def start(self, count: int, limit: Limit, is_shared: bool, skew: float) -> None:
        self.is_shared = is_shared
        self.limit = limit
        self.partitions = sorted({key_name(self.limit.scope, key)[0] for key in KEYS})
        self.places = [str(number) for number in range(count)]
        self.reference: dict[str, Oracle] = {key: oracle(limit, self.time) for key in KEYS}
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
        self.wait(20.0 + (limit.fill_time if limit.bucket is SlidingWindow else 0.0))

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
                    self.futures.append((worker, key, node.clock(), outcome))
                elif isinstance(outcome, LimitDecision) and outcome.allowed:
                    self._admit(worker, key, node.clock())

        self.loop.run_until_complete(spend())
        node.carry()
        self._collect()

    @rule(slot=slots, which=st.integers(0, 1), key=st.sampled_from(KEYS), index=st.integers(0, 30))
    def refund(self, slot: int, which: int, key: str, index: int) -> None:
        """A request that a worker admitted, perhaps long ago, has used nothing. Of a bucket that is the opposite of a
        request, whenever the store hears of it; a window must know when it was.
        """
        node = self._node(slot)
        if not node.workers or self.limit.bucket is not SlidingWindow:
            return
        worker = node.workers[which % len(node.workers)]
        if uses := worker.uses.get(key):
            use = uses.pop(index % len(uses))
            worker.client.refund(self.limit, key, 1, use.started)
            self.reference[key].unuse(1, use.admitted)
            node.carry()

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
        for owner, *_, future in self.futures:
            if owner is worker:
                future.cancel()
        self.futures = [each for each in self.futures if each[0] is not worker]

    def _collect(self) -> None:
        still = []
        for worker, key, started, future in self.futures:
            if not future.done():
                still.append((worker, key, started, future))
                continue
            decision = future.result()
            if decision is not None and decision.allowed:
                self._admit(worker, key, started)
        self.futures = still

    def _admit(self, worker: Worker, key: str, started: float) -> None:
        """started: when the request came, by its node's clock."""
        self.admitted += 1
        worker.uses.setdefault(key, []).append(Use(started, self.time))
        self.reference[key].use(1, self.time)
        level = self.reference[key].level(self.time)
        assert level >= -TOLERANCE, f"{key} was admitted more than {self.limit.definition()} allows"
