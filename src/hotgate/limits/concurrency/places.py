"""Places at something that bears only so much at once, and the line of those who wait for one.

A place that is free costs a lookup and a set. Whoever must wait gets a future, and is told its result: "" for a place,
or why there is none. The longest wait is bounded by the time of ticks.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from hotgate.limits.concurrency.outlook import FREE, Outlook, Reason
from hotgate.limits.concurrency.priority import Priority
from hotgate.limits.concurrency.priority_line import PriorityLine
from hotgate.limits.tick_clock import TickClock

_MIN_SPAN = 2.0  # seconds that tell how fast places become free, at least
_MAX_RETRY_AFTER = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class PlaceRules:
    """limit: places. queue: how many may wait for one. wait: seconds, at most."""

    limit: int
    queue: int = 0
    wait: float = 1.0


@dataclass(eq=False, slots=True)
class _Waiter:
    holder: object
    owner: str
    priority: Priority
    deadline: float
    told: "asyncio.Future[Reason]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Places:
    """holders: who has a place, by any object. limit: how many there are; may change, also below what is taken."""

    __slots__ = ("_by_holder", "_clock", "_freed", "_line", "_pace", "holders", "limit", "rules")

    def __init__(self, rules: PlaceRules, clock: TickClock) -> None:
        self.rules = rules
        self.limit = rules.limit
        self.holders: set[object] = set()
        self._by_holder: dict[object, _Waiter] = {}
        self._line: PriorityLine[_Waiter] | None = None  # none before somebody waits, which is not usual
        self._clock = clock
        self._freed = 0
        self._pace: deque[tuple[float, int]] = deque()  # ticks, and how many places had become free by each

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._by_holder)

    @property
    def is_unused(self) -> bool:
        """Whether nobody is here."""
        return not (self.holders or self._by_holder)

    def take(self, holder: object) -> bool:
        """A place at once, or False. It goes to nobody before those who wait."""
        if not self._has_free:
            return False
        self.holders.add(holder)
        return True

    def wait(self, holder: object, owner: str, priority: Priority) -> "asyncio.Future[Reason] | Reason":
        """Wait for a place, or why that is of no use. owner: whose turn it takes."""
        if refusal := self._refusal(owner, priority):
            return refusal
        if self._line is None:
            self._line = PriorityLine()
        line = self._line
        if len(self._by_holder) >= self.rules.queue:
            self._tell(line.make_room(priority, owner, self.rules.queue), "displaced")
        waiter = _Waiter(holder, owner, priority, self._clock.now + self.rules.wait)
        self._by_holder[holder] = waiter
        line.append(priority, owner, waiter)
        return waiter.told

    def outlook(self, owner: str, priority: Priority) -> Outlook:
        """What a request of this owner would find. Nothing changes."""
        if self._has_free:
            return FREE
        ahead = 0 if self._line is None else self._line.ahead_of(priority, owner)
        return Outlook(self._refusal(owner, priority), ahead, self.retry_after())

    def leave(self, holder: object) -> None:
        """Give a place back, or stop waiting. Whoever has neither changes nothing."""
        if holder in self.holders:
            self.holders.remove(holder)
            if self._by_holder:
                self._freed += 1
                self._hand_on()
        elif (waiter := self._by_holder.get(holder)) is not None:
            self._drop(waiter)

    def follow(self, rules: PlaceRules) -> None:
        """Other rules, after a reload. Who has a place keeps it; who waits does so by the time it was told."""
        self.rules = rules
        self.resize(rules.limit)

    def resize(self, limit: int) -> None:
        """More places or fewer."""
        self.limit = limit
        self._hand_on()

    def tick(self) -> None:
        """Refuse those who have waited too long."""
        now = self._clock.now
        for waiter in [each for each in self._by_holder.values() if each.deadline <= now]:
            self._drop(waiter)
            self._tell(waiter, "expired")
        self._note_pace()

    def retry_after(self) -> int:
        """Seconds after which it is worth to try again, as far as that is known: 1 to 60."""
        return int(max(1.0, min(_MAX_RETRY_AFTER, self._expected_wait(self.waiting))))

    @property
    def _has_free(self) -> bool:
        return len(self.holders) < self.limit and not self._by_holder

    def _refusal(self, owner: str, priority: Priority) -> Reason:
        """Why it is of no use to wait, or ""."""
        if not self.rules.queue:
            return "full"
        line = self._line
        if line is None:
            return ""
        if self._expected_wait(line.ahead_of(priority, owner)) > self.rules.wait:
            return "late"
        is_full = len(self._by_holder) >= self.rules.queue
        return "full" if is_full and not line.has_room(priority, owner, self.rules.queue) else ""

    def _note_pace(self) -> None:
        """How many places become free, as long as somebody waits without a break: only then it says what can be."""
        if not self._by_holder:
            self._pace.clear()
            self._freed = 0
            return
        now = self._clock.now
        self._pace.append((now, self._freed))
        while len(self._pace) > 1 and now - self._pace[1][0] >= self._span:
            self._pace.popleft()

    @property
    def _span(self) -> float:
        return max(_MIN_SPAN, self.rules.wait)

    def _expected_wait(self, ahead: int) -> float:
        """Seconds for somebody with so many ahead; 0 while nobody can tell."""
        if not self._pace or (seconds := self._pace[-1][0] - self._pace[0][0]) < self._span:
            return 0.0
        freed = self._pace[-1][1] - self._pace[0][1]
        return (ahead + 1) * seconds / freed if freed else float("inf")

    def _hand_on(self) -> None:
        while self._line is not None and self._by_holder and len(self.holders) < self.limit:
            waiter = self._line.popleft()
            del self._by_holder[waiter.holder]
            if not waiter.told.done():  # otherwise its client has left, and nobody has said so yet
                self.holders.add(waiter.holder)
                waiter.told.set_result("")

    def _drop(self, waiter: _Waiter) -> None:
        del self._by_holder[waiter.holder]
        assert self._line is not None
        self._line.discard(waiter.priority, waiter.owner, waiter)

    def _tell(self, waiter: _Waiter, reason: Reason) -> None:
        self._by_holder.pop(waiter.holder, None)
        if not waiter.told.done():
            waiter.told.set_result(reason)
