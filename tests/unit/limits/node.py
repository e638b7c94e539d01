"""One worker and its authority, for tests that carry the messages between them."""

from collections.abc import Awaitable
from typing import Any

from hotgate.limits.authority import LeaseAuthority
from hotgate.limits.decision import LimitDecision
from hotgate.limits.lease_client import LeaseClient
from hotgate.limits.limit import Limit


class Node:
    """Messages wait in `sent` until `carry`."""

    def __init__(self, max_keys: int = 1000) -> None:
        self.now = 1000.0
        self.sent: list[dict[str, Any]] = []
        self.round_trips = 0
        self.client = LeaseClient(self.sent.append, lambda: self.now, max_keys=max_keys)
        self.authority = LeaseAuthority(lambda: self.now, workers=1)

    def connect(self) -> "Node":
        self.client.on_message(self.authority.hello("w", self.client.authority_found()))
        return self

    def carry(self) -> None:
        while self.sent:
            answer = self.authority.on_message("w", self.sent.pop(0))
            if answer is not None:
                self.round_trips += 1
                self.client.on_message(answer)

    def wait(self, seconds: float) -> None:
        """Time passes, with a tick every quarter of a second."""
        for _ in range(int(seconds * 4)):
            self.now += 0.25
            self.client.tick(self.now)
            self.carry()

    async def spend(self, limit: Limit, key: str = "k", cost: int = 1) -> LimitDecision | None:
        outcome = self.client.spend(limit, key, cost)
        if isinstance(outcome, Awaitable):
            self.carry()
            return await outcome
        self.carry()
        return outcome

    async def admitted(self, limit: Limit, times: int, key: str = "k", cost: int = 1) -> int:
        decisions = [await self.spend(limit, key, cost) for _ in range(times)]
        return sum(decision is not None and decision.allowed for decision in decisions)
