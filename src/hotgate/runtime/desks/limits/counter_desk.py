"""Carries messages between the workers, the authority over shared limits, and the store in which all nodes count.

One call of each partition is on its way at a time; what is asked meanwhile goes with the next one. A partition that
fails twice in a row makes the store lost, for all of them: then every worker is told to serve alone, until each
partition has answered again.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable, Container, Iterable
from typing import Any, Protocol

from hotgate.limits.limit import Limit
from hotgate.limits.quotas.period_bucket import PeriodBucket
from hotgate.limits.shared.all_limits import AllLimits
from hotgate.limits.shared.partition import Partition
from hotgate.limits.shared.shared_authority import SharedAuthority
from hotgate.limits.shared.terms import PARTITIONS, Terms
from hotgate.limits.standing import Standing
from hotgate.runtime.desks.limits.lease_desk import LeaseDesk
from hotgate.runtime.workers.channel import Message
from hotgate.runtime.workers.worker_handle import WorkerHandle
from hotgate.store.errors import StoreUnavailable

_log = logging.getLogger("hotgate.limits")

_FAILURES = 2  # in a row, of one partition
_AGAIN = 0.2  # seconds until a call that failed is made again; the connection's breaker has it wait longer


class CounterStore(Protocol):
    """Where the script runs (`store/counters/valkey_counters.py`)."""

    async def call(self, partition: int, head: str, asks: str) -> Any: ...

    async def close(self) -> None: ...


class CounterDesk:
    """now: monotonic seconds. broadcast: sends to every worker. left_behind: workers of a control process that died;
    they serve alone until they say `hello`. quotas: has those limits that are counted in the database.
    """

    def __init__(
        self,
        terms: Terms,
        store: CounterStore,
        now: Callable[[], float],
        broadcast: Callable[[Message], None],
        left_behind: Iterable[int],
        quotas: LeaseDesk,
    ) -> None:
        self._quotas = quotas
        self._store = store
        self._now = now
        self._broadcast = broadcast
        self._left_behind = [str(worker) for worker in left_behind]
        self._workers: dict[str, WorkerHandle] = {}
        self._authority = SharedAuthority(terms, now, self._send, self._stir, workers=max(1, len(self._left_behind)))
        self._authority.expect(self._left_behind)
        node = f"{terms.place}.{secrets.token_hex(8)}"
        self._partitions = [Partition(node, terms, lambda: self._authority.weight) for _ in range(PARTITIONS)]
        self._busy: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._failures = [0] * PARTITIONS
        self._unheard: set[int] = set()
        self._when_lost = terms.when_lost
        self._counts = {"calls": 0, "failures": 0, "losses": 0, "new_beginnings": 0}
        self._failure = ""

    @property
    def is_lost(self) -> bool:
        """Whether workers are told to serve alone."""
        return bool(self._unheard)

    def state(self) -> dict[str, Any]:
        """For operators. failure: why the store does not answer, or empty. partitions: how many ever have."""
        return {
            "store": "valkey",
            "state": "lost" if self.is_lost else "connected",
            "when_lost": self._when_lost,
            "failure": self._failure,
            "partitions": sum(bool(partition.epoch) for partition in self._partitions),
            "keys": self._authority.known_keys,
            **self._counts,
            **self._authority.counts,
        }

    async def use(self, store: CounterStore) -> None:
        """Ask another server from now on, or the same one with another password."""
        old, self._store = self._store, store
        await old.close()
        self._failure = ""  # that of the old one

    def left_alone(self, workers: Container[int]) -> None:
        """Workers of a control process that lived until now look for us from now on; those that are dead do not."""
        self._quotas.left_alone(workers)
        for member in self._left_behind:
            if int(member) not in workers:
                self._authority.worker_gone(member)

    def peek(self, limit: Limit, key: str, cost: int = 1) -> Standing | None:
        """How a key stands, without spending; None while that is not known."""
        return self.authority.peek(limit, key, cost)

    @property
    def authority(self) -> AllLimits:
        """For those who look at limits."""
        return AllLimits(self._authority, self._quotas.authority)

    def set_workers(self, workers: int) -> None:
        """How many workers share this node's part from now on."""
        self._quotas.set_workers(workers)
        self._authority.set_workers(workers)

    def tick(self) -> None:
        """Call about once a second: every partition hears of this node, whether there is something to ask or not."""
        self._quotas.tick()
        self._authority.tick()
        for number in range(PARTITIONS):
            self._call(number)

    def received(self, worker: WorkerHandle, message: Message) -> None:
        """Answer a worker, now or when the store has answered. Raises KeyError, TypeError or ValueError for a message
        that makes no sense.
        """
        kind = message["type"]
        if kind in ("hello", "limits"):
            self._met(worker, message["limits"] if kind == "hello" else message)
        elif not _is_of_quota(message):
            answer = self._authority.on_message(_member(worker), message)
            if answer is not None:
                worker.send_soon(answer)
        if kind in ("hello", "give_back") or _is_of_quota(message):
            self._quotas.received(worker, message)

    def _met(self, worker: WorkerHandle, report: Message) -> None:
        """A worker has connected, or has heard that the store is back."""
        name = _member(worker)
        self._workers[name] = worker
        worker.send(self._authority.hello(name, report))
        if self.is_lost:
            self._authority.worker_lost(name)
            worker.send({"type": "counters_lost"})

    def lost(self, worker: WorkerHandle) -> None:
        """A worker lives but cannot be heard."""
        self._quotas.lost(worker)
        self._authority.worker_lost(_member(worker))

    def gone(self, worker: WorkerHandle) -> None:
        """A worker's process ended."""
        self._quotas.gone(worker)
        self._workers.pop(_member(worker), None)
        self._authority.worker_gone(_member(worker))

    async def stop(self) -> None:
        """Say goodbye, so that nobody keeps a part of the rates for this node, and hang up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if not self._workers and not self.is_lost:
            await asyncio.gather(*(self._leave(number) for number in range(PARTITIONS)))
        await self._store.close()

    async def _leave(self, number: int) -> None:
        self._partitions[number].leaves = True
        with contextlib.suppress(StoreUnavailable):
            await self._store.call(number, *self._partitions[number].call([], self._now()))

    def _send(self, member: str, message: Message) -> None:
        worker = self._workers.get(member)
        if worker is not None:
            worker.send_soon(message)

    def _stir(self, number: int) -> None:
        if not self._failures[number]:
            self._call(number)

    def _call(self, number: int) -> None:
        if number not in self._busy:
            self._busy.add(number)
            task = asyncio.get_running_loop().create_task(self._converse(number))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _converse(self, number: int) -> None:
        try:
            await self._ask(number)
        finally:  # at once, and not when the task is found to be done: what is asked in between would be left lying
            self._busy.discard(number)

    async def _ask(self, number: int) -> None:
        """Ask until there is nothing to ask, once at least."""
        is_first = True
        while (taken := self._authority.take(number)) or is_first:
            asks, sent = [ask for _, ask in taken], self._now()
            try:
                self._counts["calls"] += 1
                answer = await self._store.call(number, *self._partitions[number].call(asks, sent, sweep=is_first))
                supplies = self._understood(number, answer, asks, sent)
            except Exception as error:  # noqa: BLE001  (whatever it is: who waits must not wait for ever)
                self._authority.failed(taken)
                self._failed(number, error)
                return
            except asyncio.CancelledError:
                self._authority.failed(taken)
                raise
            self._authority.supplied(taken, supplies, sent)
            self._succeeded(number)
            is_first = False

    def _understood(self, number: int, answer: Any, asks: Any, sent: float) -> Any:
        partition = self._partitions[number]
        before = partition.epoch
        supplies = partition.answered(answer, asks, sent, self._now())
        if before not in ("", partition.epoch):
            self._counts["new_beginnings"] += 1
            _log.warning("the counters of partition %d began anew: what they held counts as spent", number)
        return supplies

    def _failed(self, number: int, error: Exception) -> None:
        self._counts["failures"] += 1
        says = str(error) if isinstance(error, StoreUnavailable) else "the store's answer makes no sense"
        if not self._failure:  # what comes after it is only that nobody asks any more
            self._failure = says
            if self.is_lost:
                _log.warning("the counter store is still lost (%s)", says)
        self._failures[number] += 1
        if self._failures[number] == 1:
            asyncio.get_running_loop().call_later(_AGAIN, self._call, number)
        elif self._failures[number] >= _FAILURES and not self.is_lost:
            self._lose()

    def _succeeded(self, number: int) -> None:
        self._failures[number] = 0
        if number not in self._unheard:
            self._failure = self._failure if self.is_lost else ""
            return
        self._unheard.discard(number)
        if not self._unheard:
            self._failure = ""
            _log.info("the counter store is back; limits are shared again")
            self._broadcast({"type": "counters_found"})

    def _lose(self) -> None:
        self._unheard = set(range(PARTITIONS))
        self._counts["losses"] += 1
        _log.warning(
            "the counter store is lost (%s); `when_lost: %s` holds until it is back", self._failure, self._when_lost
        )
        self._authority.store_lost()
        self._broadcast({"type": "counters_lost"})


def _member(worker: WorkerHandle) -> str:
    """A name that the next control process will know the worker by as well."""
    return str(worker.process.pid)


def _is_of_quota(message: Message) -> bool:
    return bool(message["type"] == "lease" and message["limit"][3] == PeriodBucket.KIND)
