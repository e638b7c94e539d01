"""The authority of a node whose limits are shared: lends its workers what the counter store lends it.

It speaks to workers as `limits.authority` does, with two differences: a grant has an end, and it may come later, when
the store has answered. Synchronous, without I/O: `stir` says that a partition has something to ask, `take` gives it
out, `supplied` and `failed` say what came of it.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from hotgate.limits.denials import QUIET, Denials
from hotgate.limits.grant import NOT_YET, Grant
from hotgate.limits.lease_request import LeaseRequest
from hotgate.limits.limit import Limit
from hotgate.limits.members import Members
from hotgate.limits.report import Report
from hotgate.limits.shared.ask import Ask, Supply
from hotgate.limits.shared.chunk import Chunk, Waiting
from hotgate.limits.shared.terms import LEASE, MOST_ASKS, PARTITIONS, PATIENCE, Terms
from hotgate.limits.standing import Standing

Message = dict[str, Any]

IDLE = 1.0  # seconds after which an unused chunk goes back
RECHECK = 1.0  # seconds for which a denial is believed
_SCANNED = 32
_MOST_LIMITS = 1024  # that are remembered for operators


class SharedAuthority:
    """clock: monotonic seconds, the same for all processes of the machine. send: carries a message to a worker. stir:
    told which partition has something to ask.
    """

    def __init__(
        self,
        terms: Terms,
        clock: Callable[[], float],
        send: Callable[[str, Message], None],
        stir: Callable[[int], None],
        *,
        workers: int = 1,
        max_keys: int = 100_000,
    ) -> None:
        self._terms = terms
        self._clock = clock
        self._send = send
        self._stir = stir
        self._max_keys = max_keys
        self._members = Members(clock, workers)
        self._chunks: OrderedDict[tuple[str, str], Chunk] = OrderedDict()  # in the order of their last use
        self._denials = Denials()
        self._limits: OrderedDict[str, Limit] = OrderedDict()  # by scope, in the order of their last use
        self.counts = {"tokens_leased": 0, "tokens_returned": 0}
        self._queues: tuple[deque[Chunk], ...] = tuple(deque() for _ in range(PARTITIONS))

    @property
    def known_keys(self) -> int:
        """How many keys something is known of."""
        return len(self._chunks)

    @property
    def weight(self) -> float:
        """The part of every rate that this node's workers certainly do not serve by themselves now."""
        return self._members.speed / self._terms.nodes if self._terms.nodes else 0.0

    def peek(self, limit: Limit, key: str, cost: int = 1) -> Standing | None:
        """How a key stood when the store was last asked; None if this node has not asked lately."""
        chunk = self._chunks.get((limit.scope, key))
        if chunk is None:
            return None
        wait = chunk.retry_at - self._clock() if cost > chunk.level else 0.0
        denial, limited_for = self._denials.get(limit.scope, key), None
        if denial is not None:
            limited_for = self._clock() - denial.since
        return Standing(limit, key, chunk.level, sum(chunk.leased.values()), max(0.0, wait), limited_for)

    def limit(self, scope: str) -> Limit | None:
        """The limit of this name, if it was used lately."""
        return self._limits.get(scope)

    def limited(self) -> Iterator[Standing]:
        """Whom this node has denied lately, the latest first."""
        now = self._clock()
        for scope, key, denial in self._denials.latest():
            limit = self._limits.get(scope)
            if limit is None or now - denial.last > QUIET:
                self._denials.forget(scope, key)
            else:
                yield self.peek(limit, key, denial.cost) or Standing(limit, key, 0, 0, 0.0, now - denial.since)

    def reset(self, scope: str, key: str) -> bool:
        """Let a key have its whole quota again, on all nodes, but for what is lent. False for an unknown limit."""
        limit = self._limits.get(scope)
        chunk = None if limit is None else self._open(limit, key, self._clock())
        if chunk is None:
            return False
        chunk.is_reset = True
        chunk.denied_until = self._clock()
        self._denials.forget(scope, key)
        self._queue(chunk)
        return True

    def set_workers(self, workers: int) -> None:
        """The number of workers from now on."""
        self._members.workers = workers

    def expect(self, workers: Iterable[str]) -> None:
        """Workers of a control process that died: they serve by themselves until they say `hello`."""
        expected = list(workers)
        for worker in expected:
            self._members.miss(worker, 1 / min(len(expected), self._members.workers))

    def hello(self, worker: str, message: Message) -> Message:
        """A worker connected and reports; the answer is for it. Raises KeyError, TypeError, ValueError if malformed."""
        report = Report.from_message(message)
        if report.is_fresh:
            self.worker_gone(worker)
            self._members.join(worker)
        else:
            share = min(1.0, report.share * max(1, self._terms.nodes))
            self._members.rejoin(worker, share=share, sequence=report.sequence)
            self._take(worker, report)
        return {"type": "welcome", "seq": report.sequence, "loss": None, **self._alone(worker)}

    def worker_lost(self, worker: str) -> None:
        """A living worker cannot be heard."""
        if worker in self._members:
            self._members.miss(worker)
            self._forget_waiting(worker)

    def worker_gone(self, worker: str) -> Message | None:
        """The process is dead: what it held counts as spent."""
        self._members.leave(worker)
        self._forget_waiting(worker)
        for chunk in self._chunks.values():
            chunk.settle(worker, 0)
        return None

    def store_lost(self) -> None:
        """The store cannot be asked: from now on every worker is by itself, until it says `hello` again."""
        for worker in self._members.present():
            self._members.miss(worker)
        for chunk in self._chunks.values():
            chunk.waiting.clear()

    def on_message(self, worker: str, message: Message) -> Message | None:
        """What a connected worker says; the answer for it, if there is one already. Raises as `hello` does."""
        if worker not in self._members or not self._members.accept(worker, int(message["seq"])):
            return None
        if message["type"] == "lease":
            return self._lease(Waiting(worker, int(message["seq"]), LeaseRequest.from_message(message)))
        if message["type"] == "give_back":
            for scope, key, tokens, held in message["keys"]:
                self._give_back(worker, str(scope), str(key), int(tokens), int(held))
            return None
        raise ValueError("unknown type of message")

    def tick(self) -> None:
        """Call about once a second: what lies idle goes back, what is in use is kept in time."""
        now = self._clock()
        while self._chunks:
            name, chunk = next(iter(self._chunks.items()))
            if now - chunk.touched < IDLE:
                return
            self._review(name, chunk, now)

    def take(self, partition: int) -> list[tuple[Chunk, Ask]]:
        """What to ask now, bounded."""
        queue = self._queues[partition]
        taken: list[tuple[Chunk, Ask]] = []
        while queue and len(taken) < MOST_ASKS:
            chunk = queue.popleft()
            chunk.expire(self._clock())
            taken.append((chunk, chunk.ask(self._terms.most_chunk)))
        return taken

    def supplied(self, taken: Sequence[tuple[Chunk, Ask]], supplies: Sequence[Supply], sent: float) -> None:
        """The store's answers to what was taken. sent: monotonic seconds, before the call left."""
        now = self._clock()
        for (chunk, ask), supply in zip(taken, supplies, strict=True):
            self.counts["tokens_leased"] += supply.granted
            self.counts["tokens_returned"] += ask.returned
            chunk.supplied(supply, sent + LEASE, now)
            chunk.denied_until = min(chunk.retry_at, now + RECHECK)
            chunk.expire(now)
            self._pay(chunk, now)
            if chunk.is_pressing:  # what has come meanwhile
                self._queue(chunk)

    def failed(self, taken: Sequence[tuple[Chunk, Ask]]) -> None:
        """The store did not answer. Who waits goes on waiting: it is asked again."""
        for chunk, _ in taken:
            chunk.failed()
            if chunk.is_pressing:
                self._queue(chunk)

    def _take(self, worker: str, report: Report) -> None:
        """What a worker that was by itself still holds, and what it owes."""
        held = {(key.scope, key.key): key.held for key in report.keys}
        for name, chunk in self._chunks.items():
            chunk.settle(worker, held.get(name, 0))
        limits = {limit.scope: limit for limit in report.limits}
        for key in report.keys:
            owed = self._open(limits[key.scope], key.key, self._clock()) if key.debt else None
            if owed is not None:
                owed.debt += key.debt
                self._queue(owed)

    def _lease(self, waiting: Waiting) -> Message | None:
        now, request = self._clock(), waiting.request
        chunk = self._open(request.limit, request.key, now)
        if chunk is None:
            return self._grant(waiting, NOT_YET)
        chunk.expire(now)
        chunk.settle(waiting.worker, request.held)
        chunk.debt += request.debt
        chunk.refund(request.refunded, request.spent_at)
        if chunk.is_pressing:
            self._queue(chunk)
        must_wait = chunk.waiting and request.need  # nobody passes those who wait
        answer = None if must_wait else self._decide(chunk, waiting, now)
        if answer is None:
            chunk.waiting.append(waiting)
            self._queue(chunk)
        elif chunk.free < chunk.low:
            self._queue(chunk)
        return answer

    def _decide(self, chunk: Chunk, waiting: Waiting, now: float) -> Message | None:
        """A grant or a denial, if there can be one without the store."""
        granted = chunk.lend(waiting.worker, waiting.request, self._members.workers)
        if granted is not None:
            return self._grant(waiting, Grant(granted, chunk.level), chunk)
        if now < chunk.denied_until and waiting.request.least >= chunk.denied_least:
            self._denials.add(waiting.request.limit.scope, waiting.request.key, waiting.request.least, now)
            return self._grant(waiting, Grant(0, chunk.level, chunk.retry_at - now), chunk)
        return None

    def _pay(self, chunk: Chunk, now: float) -> None:
        while chunk.waiting:
            answer = self._decide(chunk, chunk.waiting[0], now)
            if answer is None:
                self._queue(chunk)
                return
            self._send(chunk.waiting.popleft().worker, answer)

    def _grant(self, waiting: Waiting, grant: Grant, chunk: Chunk | None = None) -> Message:
        """void: what the worker still has of before must not be spent."""
        request = waiting.request
        counted = 0 if chunk is None else chunk.leased.get(waiting.worker, 0) - grant.granted
        return {
            "type": "grant",
            "seq": waiting.sequence,
            "scope": request.limit.scope,
            "key": request.key,
            "granted": grant.granted,
            "remaining": grant.remaining,
            "retry_after": grant.retry_after,
            "must_wait": grant.must_wait,
            "urgent": False,
            "lasts": None,
            "charged": request.debt,
            "until": 0.0 if chunk is None else chunk.until,
            "void": counted < request.held,
            "loss": None,
            **self._alone(waiting.worker),
        }

    def _alone(self, worker: str) -> Message:
        """What the worker does when it can ask nobody."""
        share = self._members.share_of(worker) / self._terms.nodes if self._terms.nodes else 0.0
        return {"share": share, "patience": PATIENCE, "unlimited": self._terms.when_lost == "open"}

    def _give_back(self, worker: str, scope: str, key: str, tokens: int, held: int) -> None:
        chunk = self._chunks.get((scope, key))
        if chunk is not None and tokens >= 0 and held >= 0:
            chunk.expire(self._clock())
            chunk.give_back(worker, tokens, held)

    def _open(self, limit: Limit, key: str, now: float) -> Chunk | None:
        name = (limit.scope, key)
        chunk = self._chunks.get(name)
        if chunk is None:
            if len(self._chunks) >= self._max_keys and not self._make_room():
                return None
            chunk = self._chunks[name] = Chunk(limit, key, now)
        self._chunks.move_to_end(name)
        self._limits[limit.scope] = limit
        self._limits.move_to_end(limit.scope)
        if len(self._limits) > _MOST_LIMITS:
            self._limits.popitem(last=False)
        chunk.limit, chunk.touched, chunk.is_over = limit, now, False
        return chunk

    def _make_room(self) -> bool:
        """Forget a key that is not in use; what was lent for it counts as spent when its time is over."""
        for name in [name for name, _ in zip(self._chunks, range(_SCANNED), strict=False)]:
            chunk = self._chunks[name]
            if chunk.is_idle and not chunk.leased:
                del self._chunks[name]
                return True
            self._chunks.move_to_end(name)
        return False

    def _review(self, name: tuple[str, str], chunk: Chunk, now: float) -> None:
        """A key that was not asked for in a while: what workers have of it is renewed, what they have not goes back."""
        chunk.expire(now)
        if chunk.is_idle and not chunk.leased and not chunk.is_unsettled:
            del self._chunks[name]
            return
        self._chunks.move_to_end(name)
        chunk.touched = now
        chunk.is_over = not chunk.leased
        if chunk.is_over or chunk.until - now < LEASE / 2:
            self._queue(chunk)

    def _forget_waiting(self, worker: str) -> None:
        for chunk in self._chunks.values():
            if chunk.waiting:
                chunk.waiting = deque(each for each in chunk.waiting if each.worker != worker)

    def _queue(self, chunk: Chunk) -> None:
        """Ask the store about it, when what it was asked before is answered."""
        if not chunk.is_queued and chunk.pending is None:
            chunk.is_queued = True
            self._queues[chunk.partition].append(chunk)
            self._stir(chunk.partition)
