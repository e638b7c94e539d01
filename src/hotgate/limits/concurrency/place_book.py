"""All places of a worker that are counted: what is in use outlives a reload, what is allowed comes with it."""

import asyncio
from itertools import chain, count
from typing import Any

from hotgate.limits.concurrency.adaptive_limit import AdaptiveLimit, AdaptiveRules
from hotgate.limits.concurrency.outlook import FREE, Outlook, PlaceWish, Reason
from hotgate.limits.concurrency.places import PlaceRules, Places
from hotgate.limits.concurrency.priority import Priority, priority_of
from hotgate.limits.tick_clock import TickClock

Rules = PlaceRules | AdaptiveRules


class KeyedPlaces:
    """The places under one key of the file: for each caller some of its own, or the same for all.

    adaptive: who finds out how many there are, if nobody has said so; then all share them. refused: counts, by reason.
    waited: how many had to wait.
    """

    __slots__ = ("_by_key", "_clock", "_inside", "_rules", "adaptive", "refused", "waited")

    def __init__(self, rules: Rules, clock: TickClock) -> None:
        self._by_key: dict[str, Places] = {}  # as many as there are exchanges at most
        self._inside: dict[object, tuple[str, Places]] = {}
        self._clock = clock
        self.adaptive: AdaptiveLimit | None = None
        self.refused: dict[str, int] = {}
        self.waited = 0
        self.follow(rules)

    def take(self, holder: object, key: str) -> bool:
        """A place at once, or False: then `wait` for one."""
        places = self._by_key.get(key)
        if places is None:
            places = self._by_key[key] = Places(self._rules, self._clock)
        if places.take(holder):
            self._inside[holder] = (key, places)
            return True
        return False

    def wait(self, holder: object, key: str, owner: str, priority: Priority) -> "asyncio.Future[Reason] | Reason":
        """After `take`: a future that is told "" or a reason, or at once why it is of no use to wait."""
        places = self._by_key[key]
        told = places.wait(holder, owner, priority)
        if isinstance(told, asyncio.Future):
            self._inside[holder] = (key, places)
            self.waited += 1
        return told

    def outlook(self, key: str, owner: str, priority: Priority) -> Outlook:
        """What `take` and `wait` would say. Nothing changes."""
        places = self._by_key.get(key)
        return FREE if places is None else places.outlook(owner, priority)

    def leave(self, holder: object) -> None:
        """The holder, or who waits, is gone. Anybody else may be named too."""
        if (found := self._inside.pop(holder, None)) is None:
            return
        key, places = found
        places.leave(holder)
        if places.is_unused and self._by_key.get(key) is places:  # who was told that its time is over, leaves later
            del self._by_key[key]

    def count_refusal(self, reason: Reason) -> None:
        """For the metrics."""
        self.refused[reason] = self.refused.get(reason, 0) + 1

    def retry_after(self, key: str) -> int:
        """Seconds."""
        places = self._by_key.get(key)
        return 1 if places is None else places.retry_after()

    def follow(self, rules: Rules) -> None:
        """Rules of a configuration that has come into force."""
        if isinstance(rules, PlaceRules):
            self.adaptive, self._rules = None, rules
        else:
            if self.adaptive is None or self.adaptive.rules != rules:
                self.adaptive = AdaptiveLimit(rules, self._clock.now)
            self._rules = PlaceRules(self.adaptive.limit, rules.queue, rules.wait)
        for places in list(self._by_key.values()):
            places.follow(self._rules)

    def tick(self) -> None:
        """Time has passed."""
        if self.adaptive is not None and self.adaptive.tick(self._clock.now, self.in_use):
            self.follow(self.adaptive.rules)
        for places in list(self._by_key.values()):
            places.tick()

    @property
    def in_use(self) -> int:
        """Places that are taken."""
        return sum(len(places.holders) for places in self._by_key.values())

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(places.waiting for places in self._by_key.values())

    @property
    def limit(self) -> int:
        """How many places there are, for each caller or for all."""
        return self._rules.limit

    @property
    def is_unused(self) -> bool:
        """Whether nobody is here."""
        return not self._by_key


class PlaceBook:
    """Those in force, by what they are called in metrics, as "routes/orders/concurrency"."""

    def __init__(self, now: float = 0.0) -> None:
        self.clock = TickClock(now)
        self._places: dict[str, KeyedPlaces] = {}
        self._retired: list[KeyedPlaces] = []

    def known(self) -> dict[str, KeyedPlaces]:
        """All of them; a copy."""
        return dict(self._places)

    def plan(self) -> "PlacePlan":
        """For a configuration that is to be compiled."""
        return PlacePlan(self)

    def outlook(self, wish: PlaceWish) -> Outlook:
        """What would come of it. Where no places are counted, nobody is turned away. Raises KeyError for no class."""
        places = self._places.get(wish.name)
        return FREE if places is None else places.outlook(wish.key, wish.owner, priority_of(wish.priority))

    def follow(self, plan: "PlacePlan") -> None:
        """A configuration has come into force. Who waits at what it has no more is served or told all the same."""
        self._retired += [places for name, places in self._places.items() if name not in plan.entries]
        self._places = {name: places for name, (places, _) in plan.entries.items()}
        for places, rules in plan.entries.values():
            places.follow(rules)

    def tick(self, now: float) -> None:
        """Time passes: who has waited too long is told so."""
        self.clock.now = now
        self._retired = [places for places in self._retired if not places.is_unused]
        for places in (*self._places.values(), *self._retired):
            if places.adaptive is not None or not places.is_unused:
                places.tick()

    def values(self) -> dict[str, dict[str, Any]]:
        """Numbers for the metrics: {"limit" | "in_use" | "waiting" | "waited": {name: n}, "refused": {name: {…}}}."""
        named = self._places.items()
        return {
            "limit": {name: places.limit for name, places in named},
            "in_use": {name: places.in_use for name, places in named},
            "waiting": {name: places.waiting for name, places in named},
            "waited": {name: places.waited for name, places in named},
            "refused": {name: dict(places.refused) for name, places in named if places.refused},
        }


class PlacePlan:
    """What a configuration that is being compiled says of places. Nothing counts before `PlaceBook.follow`.

    entries: places and their rules, by name.
    """

    def __init__(self, book: PlaceBook) -> None:
        self._known = book.known()
        self._clock = book.clock
        self.entries: dict[str, tuple[KeyedPlaces, Rules]] = {}

    def open(self, name: str, rules: Rules) -> KeyedPlaces:
        """The places of this name: those in force, if there are any, with whoever is there. A name that is taken gets a
        number, for nobody can have two places of the same.
        """
        numbered = chain((name,), (f"{name}/{number}" for number in count(2)))
        name = next(each for each in numbered if each not in self.entries)
        places = self._known.get(name) or self.make(name, rules)
        self.entries[name] = (places, rules)
        return places

    def make(self, name: str, rules: Rules) -> KeyedPlaces:
        """Places that there were not before."""
        return KeyedPlaces(rules, self._clock)
