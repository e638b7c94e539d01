"""A model of a whole node: whatever happens in whatever order, no key is admitted more than its limit allows.

Every admitted request takes its cost from an oracle, which must never fall below zero. A refund puts its tokens back:
into a window as if they had never been used, into a bucket as far as they fit, when the authority hears of it.
Charges, which nobody can refuse, are taken from a second oracle; when none is on its way any more, the authority must
not believe in more than that one holds. Hypothesis looks for short, strange schedules; `test_lease_schedules.py` has
long and lifelike ones. They fail as soon as one rule of the package is left out.
"""

import asyncio

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hotgate.limits.authority import LeaseAuthority
from hotgate.limits.decision import LimitDecision
from hotgate.limits.limit import Limit
from hotgate.limits.pending import CALM, Pending
from unit.limits.model_worker import KEYS, Message, Use, Worker
from unit.limits.oracles import Oracle, oracle

TOLERANCE = 1e-6
BUCKETS = ((1, 1.0, 1), (3, 10.0, 3), (8, 4.0, 8), (12, 120.0, 12), (30, 60.0, 30), (10, 1.0, 40))
WINDOWS = ((1, 1.0, 1), (3, 10.0, 3), (8, 4.0, 8), (12, 120.0, 12), (30, 60.0, 30), (40, 3.0, 40))
LIMITS = [Limit("route/r", quota=quota, window=window, burst=burst) for quota, window, burst in BUCKETS]
LIMITS += [Limit("route/r", quota=quota, window=window, kind="window") for quota, window, _ in WINDOWS]
slots = st.integers(0, 3)
costs = st.sampled_from([1, 1, 1, 2, 3, 7, 20])


Waiting = tuple[Worker, str, int, float, "asyncio.Future[LimitDecision | None]"]


class Node(RuleBasedStateMachine):
    """Rules are the events of a node. Futures resolve on a loop that is stepped by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 1000.0
        self.loop = asyncio.new_event_loop()
        self.names = 0
        self.is_alive = True
        self.authority = LeaseAuthority(lambda: self.time)
        self.workers: list[Worker] = []
        self.reference: dict[str, Oracle] = {}
        self.charged: dict[str, Oracle] = {}
        self.has_died = False
        self.mourned: list[str] = []  # dead workers whose death some survivor may not have been told
        self.waiting: list[Waiting] = []
        self.admitted = 0

    def teardown(self) -> None:
        for *_, future in self.waiting:
            future.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()
        assert all(getattr(CALM, name) == getattr(Pending(), name) for name in Pending.__slots__)  # all keys share it

    @initialize(
        count=st.integers(1, 3),
        limit=st.sampled_from(LIMITS),
        keys=st.sampled_from([(1, 100), (100, 1), (100, 100), (100, 100)]),
    )
    def start(self, count: int, limit: Limit, keys: tuple[int, int]) -> None:
        self.client_keys, self.authority_keys = keys
        self.limit = limit
        self.authority = LeaseAuthority(lambda: self.time, workers=count, max_keys=self.authority_keys)
        self.count = count
        for key in KEYS:
            self.reference[key] = oracle(limit, self.time)
            self.charged[key] = oracle(limit, self.time)
        for _ in range(count):
            self._start_worker()

    @rule(slot=slots, key=st.sampled_from(KEYS), times=st.sampled_from([1, 1, 2, 5, 12]), cost=costs)
    def request(self, slot: int, key: str, times: int, cost: int = 1) -> None:
        worker = self._worker(slot)
        if worker is None:
            return

        async def spend() -> None:
            for _ in range(times):
                outcome = worker.client.spend(self.limit, key, cost)
                if isinstance(outcome, asyncio.Future):
                    self.waiting.append((worker, key, cost, self.time, outcome))
                elif isinstance(outcome, LimitDecision) and outcome.allowed:
                    self._admit(worker, key, cost, self.time)

        self.loop.run_until_complete(spend())

    @rule(slot=slots, key=st.sampled_from(KEYS), tokens=costs, which=st.integers(0, 30))
    def refund(self, slot: int, key: str, tokens: int, which: int) -> None:
        """Of requests that were admitted by this worker, not necessarily lately."""
        worker = self._worker(slot)
        if worker is None or sum(use.tokens for use in worker.uses[key]) < tokens:
            return
        while tokens:
            use = worker.uses[key].pop(which % len(worker.uses[key]))
            back = min(tokens, use.tokens)
            tokens -= back
            self._refund(worker, key, use._replace(tokens=back))
            if back < use.tokens:
                worker.uses[key].append(use._replace(tokens=use.tokens - back))

    @rule(slot=slots, key=st.sampled_from(KEYS), tokens=costs)
    def charge(self, slot: int, key: str, tokens: int) -> None:
        worker = self._worker(slot)
        if worker is None or self.client_keys == 1:
            return  # a worker without a place for its debts has them forgotten
        worker.client.charge(self.limit, key, tokens)
        self.charged[key].use(tokens, self.time)
        worker.charges[key].append(Use(self.time, self.time, tokens))

    @rule(slot=slots, index=st.integers(0, 3), repeated=st.booleans())
    def deliver_up(self, slot: int, index: int, repeated: bool) -> None:
        """To the authority: the first message usually, a later one sometimes, and perhaps again later."""
        worker = self._worker(slot)
        if worker is None or not worker.to_authority or not self.is_alive:
            return
        index = min(index, len(worker.to_authority) - 1)
        message = worker.to_authority[index] if repeated else worker.to_authority.pop(index)
        if message["type"] == "limits":
            return  # `hello` is delivered by `connect`; a repeated one means a new connection
        self._tell_authority(worker, message)

    @rule(slot=slots, index=st.integers(0, 3), repeated=st.booleans())
    def deliver_down(self, slot: int, index: int, repeated: bool) -> None:
        worker = self._worker(slot)
        if worker is None or not worker.to_worker:
            return
        index = min(index, len(worker.to_worker) - 1)
        message = worker.to_worker[index] if repeated else worker.to_worker.pop(index)
        worker.client.on_message(message)
        self._collect()

    @rule(slot=slots)
    def exchange(self, slot: int) -> None:
        worker = self._worker(slot)
        if worker is not None:
            self._exchange(worker)

    @rule(slot=slots, key=st.sampled_from(KEYS), times=st.sampled_from([1, 3, 12]), cost=costs)
    def serve(self, slot: int, key: str, times: int, cost: int = 1) -> None:
        """Requests over a healthy connection."""
        self.request(slot, key, times, cost)
        self.exchange(slot)

    @rule(key=st.sampled_from(KEYS))
    def exhaust(self, key: str) -> None:
        """Every worker takes all it can get."""
        for slot in range(len(self.workers)):
            before = -1
            while before < self.admitted:
                before = self.admitted
                self.serve(slot, key, 12)

    @rule(slot=slots, is_up=st.booleans())
    def lose_message(self, slot: int, is_up: bool) -> None:
        worker = self._worker(slot)
        if worker is None:
            return
        queue = worker.to_authority if is_up else worker.to_worker
        if queue:
            queue.pop(0)

    @rule(seconds=st.sampled_from([0.01, 0.25, 1.0, 3.0, 20.0]))
    def wait(self, seconds: float) -> None:
        self.time += seconds
        for worker in self.workers:
            worker.client.tick(self.time)
        if self.is_alive:
            self.authority.tick()
        self._collect()

    @rule(slot=slots)
    def release(self, slot: int) -> None:
        worker = self._worker(slot)
        if worker is not None:
            worker.client.release()

    @rule(slot=slots, is_replaced=st.booleans())
    def crash_worker(self, slot: int, is_replaced: bool) -> None:
        worker = self._worker(slot)
        if worker is None or not self.is_alive:
            return
        self._kill(worker)
        notice = self.authority.worker_gone(worker.name)
        for other in self.workers:
            if not other.is_lost:
                other.client.on_message(notice)
        if is_replaced or not self.workers:
            self._start_worker()

    @rule(slot=slots)
    def lose_connection(self, slot: int) -> None:
        worker = self._worker(slot)
        if worker is None or not self.is_alive or worker.is_lost:
            return
        self.authority.worker_lost(worker.name)
        worker.is_lost = True
        worker.client.authority_lost()
        self._collect()

    @rule(slot=slots)
    def notice_crash(self, slot: int) -> None:
        """Workers learn at different times that the authority is dead."""
        worker = self._worker(slot)
        if worker is not None and not self.is_alive:
            worker.is_lost = True
            worker.client.authority_lost()
            self._collect()

    @rule(slot=slots)
    def connect(self, slot: int) -> None:
        worker = self._worker(slot)
        if worker is not None and self.is_alive and worker.is_lost:
            self._connect(worker)

    @rule(is_noticed=st.booleans(), seconds=st.sampled_from([0.0, 0.5, 2.0, 30.0]))
    def crash_authority(self, is_noticed: bool, seconds: float) -> None:
        """The control process dies. Workers learn it at different times, or all at once."""
        self.is_alive = False
        for slot in range(len(self.workers) if is_noticed else 0):
            self.notice_crash(slot)
        self.wait(seconds)

    @rule(patience=st.sampled_from([0.0, 2.0, 60.0]), dead=st.integers(0, 15), is_met=st.sampled_from([1, 1, 0]))
    def restart_authority(self, patience: float, dead: int, is_met: int) -> None:
        """A new process, which all workers meet, or only some; one may have died while nobody watched."""
        if self.is_alive:
            return
        self.authority = LeaseAuthority(lambda: self.time, workers=self.count, max_keys=self.authority_keys)
        self.authority.expect([*(worker.name for worker in self.workers), *self.mourned], self.time + patience)
        self.is_alive = True
        for worker in self.workers:
            worker.is_lost = True
            worker.client.authority_lost()
        self._collect()
        if dead < len(self.workers) and len(self.workers) > 1:
            self._kill(self.workers[dead])
        for name in self.mourned:
            self.authority.worker_gone(name)
        for slot in range(len(self.workers) if is_met else 0):
            self.connect(slot)
        for known in (*self.reference.values(), *self.charged.values()):
            known.forget_changes(self.time)
        if self.has_died or not is_met or not patience:  # the only witness of a debt may be gone
            self._forget_charges()

    @rule(limit=st.sampled_from(LIMITS))
    def reload(self, limit: Limit) -> None:
        """Another number, window or burst, of which all workers hear over their connections, and the authority from
        the first of them. What they said before has come or is lost; grants, and what they give back, may come late.
        """
        if limit.bucket is not self.limit.bucket or any(worker.is_lost for worker in self.workers):
            return
        if not self.is_alive or self.authority.is_recovering:
            return
        self.limit = limit
        for known in self.reference.values():
            known.follow(limit, self.time)
            if self.authority.limit(limit.scope) is None:
                known.forget_changes(self.time)
        self._forget_charges()  # a debt stays what it is
        for worker in self.workers:
            worker.uses = {key: [] for key in KEYS}
            worker.to_authority.clear()
            worker.client.follow({limit.scope: limit})
        self.authority.define(limit)
        for key in KEYS:
            self.authority.peek(limit, key)

    @rule()
    def add_worker(self) -> None:
        """A reload starts new workers beside the old ones."""
        if self.is_alive and len(self.workers) < 5:
            self._start_worker()

    @invariant()
    def level_and_leases_fit_the_bucket(self) -> None:
        for leased in self.authority.buckets():
            capacity = leased.bucket.limit.capacity
            assert leased.bucket.level + leased.on_lease <= max(capacity, leased.on_lease) + TOLERANCE

    @invariant()
    def the_authority_believes_in_no_more_than_there_is(self) -> None:
        told = self.authority.limit(self.limit.scope)
        if (
            not self.is_alive
            or told is None
            or not told.is_like(self.limit)
            or self.authority.is_recovering
            or any(worker.is_owing(self.limit) for worker in self.workers)
        ):
            return
        for key in KEYS:
            standing = self.authority.peek(self.limit, key)
            assert standing is not None
            assert standing.level <= max(0.0, self.charged[key].level(self.time)) + TOLERANCE

    def _worker(self, slot: int) -> Worker | None:
        return self.workers[slot % len(self.workers)] if self.workers else None

    def _exchange(self, worker: Worker) -> None:
        """A healthy connection: everything is delivered in order until both sides are silent."""
        while self.is_alive and (worker.to_authority or worker.to_worker):
            if worker.to_authority:
                self._tell_authority(worker, worker.to_authority.pop(0))
            if worker.to_worker:
                worker.client.on_message(worker.to_worker.pop(0))
            self._collect()

    def _tell_authority(self, worker: Worker, message: Message) -> None:
        answer = self.authority.on_message(worker.name, message)
        if answer is not None:
            self._put_back(message["key"], message["refunded"])
            worker.to_worker.append(answer)

    def _put_back(self, key: str, tokens: int) -> None:
        """The authority hears of a refund, or has not heard of the use."""
        self.reference[key].put_back(tokens, self.time)
        self.charged[key].put_back(tokens, self.time)

    def _refund(self, worker: Worker, key: str, use: Use) -> None:
        before = worker.refunded(self.limit, key)
        worker.client.refund(self.limit, key, use.tokens, use.started)
        self._unuse(key, use)
        self._put_back(key, use.tokens + before - worker.refunded(self.limit, key))

    def _unuse(self, key: str, use: Use) -> None:
        self.reference[key].unuse(use.tokens, use.admitted)
        self.charged[key].unuse(use.tokens, use.admitted)

    def _forget_charges(self) -> None:
        self.charged = {key: known.copy() for key, known in self.reference.items()}
        for worker in self.workers:
            worker.charges = {key: [] for key in KEYS}

    def _kill(self, worker: Worker) -> None:
        self.workers.remove(worker)
        self.has_died = True
        for key in KEYS:
            self._take_along(worker, key)
        self.mourned.append(worker.name)
        for owner, *_, future in self.waiting:
            if owner is worker:
                future.cancel()
        self.waiting = [waiting for waiting in self.waiting if waiting[0] is not worker]

    def _take_along(self, worker: Worker, key: str) -> None:
        """Charges that the authority never hears of: surely no earlier ones than the last."""
        untold = worker.owed(self.limit, key)
        while untold and worker.charges[key]:
            use = worker.charges[key].pop()
            gone = min(untold, use.tokens)
            untold -= gone
            self.charged[key].unuse(gone, use.admitted)
            self.charged[key].put_back(gone, self.time)

    def _start_worker(self) -> None:
        self.names += 1
        worker = Worker(str(self.names), lambda: self.time, self.client_keys)
        self.workers.append(worker)
        self._connect(worker)

    def _connect(self, worker: Worker) -> None:
        """A new connection; what the old one still held may yet arrive late, in both directions."""
        worker.is_lost = False
        if not any(other.is_lost for other in self.workers):
            self.mourned.clear()
        worker.to_worker.append(self.authority.hello(worker.name, worker.client.authority_found()))

    def _collect(self) -> None:
        """Count the waiting requests that were decided."""
        still: list[Waiting] = []
        for worker, key, cost, started, future in self.waiting:
            if not future.done():
                still.append((worker, key, cost, started, future))
                continue
            decision = future.result()
            if decision is not None and decision.allowed:
                self._admit(worker, key, cost, started)
        self.waiting = still

    def _admit(self, worker: Worker, key: str, cost: int, started: float) -> None:
        self.charged[key].use(cost, self.time)
        self.reference[key].use(cost, self.time)
        worker.uses[key].append(Use(started, self.time, cost))
        self.admitted += 1
        assert self.reference[key].level(self.time) >= -TOLERANCE, (
            f"{key} was admitted more than {self.limit.definition()} allows"
        )


Node.TestCase.settings = settings(
    max_examples=100, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
test_no_schedule_exceeds_the_limit = Node.TestCase
