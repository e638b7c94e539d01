"""Turns at something scarce, dealt round the owners who wait: one with a thousand wishes cannot starve one with one.

Fair queueing (RFC 970) with longest-queue drop: whoever has most waiting loses first.
"""

import asyncio
from collections import deque


class NoTurn(Exception):
    """Too many wait, and none has more waiting than this owner."""


class FairTurns:
    """at_once: how many may be at it. most_waiting: over all owners."""

    def __init__(self, at_once: int, most_waiting: int) -> None:
        self._free = at_once
        self._most_waiting = most_waiting
        self._waiting = 0
        self._queues: dict[str, deque[asyncio.Future[None]]] = {}  # whose turn comes next stands first

    async def enter(self, owner: str) -> None:
        """Wait for a turn, which `leave` ends. Raises NoTurn, perhaps only after a while."""
        if self._free:
            self._free -= 1
            return
        if self._waiting >= self._most_waiting:
            self._make_room(owner)
        turn = asyncio.get_running_loop().create_future()
        self._queues.setdefault(owner, deque()).append(turn)
        self._waiting += 1
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.leave()  # it came just as nobody wanted it any more
            elif turn in self._queues.get(owner, ()):
                self._drop(owner, turn)
            raise

    def leave(self) -> None:
        """End a turn; the next owner gets it."""
        while self._queues:
            owner = next(iter(self._queues))
            queue = self._queues.pop(owner)
            turn = queue.popleft()
            self._waiting -= 1
            if queue:
                self._queues[owner] = queue  # behind the others
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def _make_room(self, owner: str) -> None:
        longest = max(self._queues, key=lambda each: len(self._queues[each]))
        if len(self._queues[longest]) <= len(self._queues.get(owner, ())) + 1:
            raise NoTurn
        victim = self._queues[longest][-1]
        self._drop(longest, victim)
        if not victim.done():
            victim.set_exception(NoTurn())

    def _drop(self, owner: str, turn: "asyncio.Future[None]") -> None:
        queue = self._queues[owner]
        queue.remove(turn)
        self._waiting -= 1
        if not queue:
            del self._queues[owner]
