"""A node of the modelled cluster, its workers, and the calls that it waits for."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from hotgate.limits.shared.ask import Ask
from hotgate.limits.shared.chunk import Chunk
from hotgate.limits.shared.partition import Partition
from hotgate.limits.shared.shared_authority import SharedAuthority
from hotgate.limits.shared.shared_lease_client import SharedLeaseClient

if TYPE_CHECKING:
    from unit.limits.shared.cluster_machine import Cluster

Message = dict[str, Any]

TOLERANCE = 1e-5


class Use(NamedTuple):
    """A request that was admitted. started: when it came, by its node's clock."""

    started: float
    admitted: float


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
        self.uses: dict[str, list[Use]] = {}
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
