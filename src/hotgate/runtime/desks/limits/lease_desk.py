"""Carries messages between the workers and the authority over rate limits."""

import math
from collections.abc import Callable, Container, Iterable

from hotgate.limits.authority import LeaseAuthority
from hotgate.limits.limit import Limit
from hotgate.limits.quotas.supplies import Supply
from hotgate.limits.standing import Standing
from hotgate.runtime.workers.channel import Message
from hotgate.runtime.workers.worker_handle import WorkerHandle

_RECOVERY_SECONDS = 5.0  # workers look for a new control process every two


class LeaseDesk:
    """now: monotonic seconds. broadcast: sends to every worker. left_behind: workers of a control process that died;
    what they know of the limits is waited for, and until then the limits are theirs. has_predecessor: it lives still,
    and keeps them until `left_alone`.
    """

    def __init__(
        self,
        now: Callable[[], float],
        broadcast: Callable[[Message], None],
        left_behind: Iterable[int],
        *,
        has_predecessor: bool = False,
    ) -> None:
        self._now = now
        self._left_behind = [str(worker) for worker in left_behind]
        self._authority = LeaseAuthority(now, workers=max(1, len(self._left_behind)))
        self._broadcast = broadcast
        self._workers: dict[str, WorkerHandle] = {}
        self._authority.expect(self._left_behind, math.inf if has_predecessor else now() + _RECOVERY_SECONDS)

    def left_alone(self, workers: Container[int]) -> None:
        """Workers of a control process that lived until now look for us from now on; wait for those that live."""
        self._authority.expect_until(self._now() + _RECOVERY_SECONDS)
        for member in self._left_behind:
            if int(member) not in workers:
                self._broadcast(self._authority.worker_gone(member))

    def peek(self, limit: Limit, key: str, cost: int = 1) -> Standing | None:
        """How a key stands, without spending; None while that is not known."""
        return self._authority.peek(limit, key, cost)

    def set_workers(self, workers: int) -> None:
        """How many workers share each limit from now on."""
        self._authority.set_workers(workers)

    @property
    def authority(self) -> LeaseAuthority:
        """For those who look at limits, and those who bring what it needs."""
        return self._authority

    def supply(self, scope: str, key: str, supply: Supply) -> None:
        """What was fetched for a key, and with it the answers for workers that waited."""
        for member, answer in self._authority.supply(scope, key, supply):
            if worker := self._workers.get(member):
                worker.send_soon(answer)

    def tick(self) -> None:
        """Call about once a second."""
        self._authority.tick()

    def received(self, worker: WorkerHandle, message: Message) -> None:
        """Answer a worker. Raises KeyError, TypeError or ValueError for a message that makes no sense."""
        if message["type"] == "hello":
            answer: Message | None = self._authority.hello(_member(worker), message["limits"])
            self._workers[_member(worker)] = worker
        else:
            answer = self._authority.on_message(_member(worker), message)
        if answer is not None:
            worker.send_soon(answer)

    def lost(self, worker: WorkerHandle) -> None:
        """A worker lives but cannot be heard."""
        self._workers.pop(_member(worker), None)
        self._authority.worker_lost(_member(worker))

    def gone(self, worker: WorkerHandle) -> None:
        """A worker's process ended."""
        self._workers.pop(_member(worker), None)
        self._broadcast(self._authority.worker_gone(_member(worker)))


def _member(worker: WorkerHandle) -> str:
    """A name that the next control process will know the worker by as well."""
    return str(worker.process.pid)
