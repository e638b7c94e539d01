"""Turns at something scarce, dealt round the owners who wait: one with a thousand wishes cannot starve one with one."""

import asyncio

from hotgate.limits.concurrency.fair_queue import FairQueue


class NoTurn(Exception):
    """Too many wait, and none has more waiting than this owner."""


class FairTurns:
    """at_once: how many may be at it. most_waiting: over all owners."""

    def __init__(self, at_once: int, most_waiting: int) -> None:
        self._free = at_once
        self._most_waiting = most_waiting
        self._waiting: FairQueue[asyncio.Future[None]] = FairQueue()

    async def enter(self, owner: str) -> None:
        """Wait for a turn, which `leave` ends. Raises NoTurn, perhaps only after a while."""
        if self._free:
            self._free -= 1
            return
        if len(self._waiting) >= self._most_waiting:
            self._make_room(owner)
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(owner, turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._waiting.discard(owner, turn)
            elif turn.exception() is None:
                self.leave()  # it came just as nobody wanted it any more
            raise

    def leave(self) -> None:
        """End a turn; the next owner gets it."""
        while len(self._waiting):
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def _make_room(self, owner: str) -> None:
        if self._waiting.longest <= self._waiting.count_of(owner) + 1:
            raise NoTurn
        victim, turn = self._waiting.newest_of_longest()
        self._waiting.discard(victim, turn)
        if not turn.done():
            turn.set_exception(NoTurn())
