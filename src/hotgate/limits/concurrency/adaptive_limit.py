"""How many requests a backend bears at once, found out from how long it takes to answer.

The limit follows the gradient of Envoy's adaptive concurrency and of Netflix' concurrency-limits: `limit · gradient +
√limit`, where the gradient is the shortest time known, with some tolerance, through the time measured now. While a
backend is not busy its times stay short and the limit grows by the root; when requests queue there, it shrinks.

What is known of the pitfalls: a shortest time measured under load lets the limit climb for ever, so now and then it is
halved for a moment, again and again as long as answers come faster by that, and only requests sent since then count
(envoy#11579); requests wait here meanwhile. A long-term average in its place would rise with the overload that it
should tell. Errors that come fast would make a failing backend look quick, so they count as slow. A limit that nobody
reaches says nothing, and stays.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

from hotgate.limits.concurrency.fair_samples import FairSamples

_WINDOW = 0.5  # seconds. Envoy: 0.1; ours are measured at ticks of 0.25
_MIN_SAMPLES = 10  # that a window needs
_TOLERANCE = 1.25  # of the shortest time, for it varies by itself. Envoy: 25 %
_SLOWEST_GRADIENT = 0.5  # the limit is at most halved by one window. Envoy and Netflix: 0.5
_PROBE_EVERY = 30.0  # seconds. Envoy: 60
_LONGEST_PROBE = 3.0  # seconds, of each of its steps; or three times the shortest time
_FASTER = 0.9  # what is less than so much of the time before is faster, and no chance
_WINDOWS_AT_LOWEST = 5  # then what is known as the shortest time is likely to be wrong (Envoy)


@dataclass(frozen=True, slots=True)
class AdaptiveRules:
    """lowest, highest: bounds of the limit. queue, wait: as in `PlaceRules`."""

    lowest: int
    highest: int
    queue: int
    wait: float


class AdaptiveLimit:
    """limit: places now. shortest: seconds that an answer takes if nobody is in its way; 0 while unknown.

    measured: seconds that it took in the last window. chance: from 0 to 1, so that workers do not probe all at once.
    """

    def __init__(self, rules: AdaptiveRules, now: float, chance: Callable[[], float] = random.random) -> None:
        self.rules = rules
        self.shortest = self.measured = 0.0
        self._chance = chance
        self._exact = float(min(rules.highest, max(rules.lowest, 2 * _MIN_SAMPLES)))
        self._samples = FairSamples()
        self._now = self._began = now
        self._at_lowest = 0
        self._most_in_use = 0
        self._probe: _Probe | None = None
        self._next_probe = now  # the first time is as likely as not measured in the middle of an overload

    @property
    def limit(self) -> int:
        """A part of what was found out during a probe."""
        return max(self.rules.lowest, int(self._exact if self._probe is None else self._probe.limit))

    def answered(self, owner: str, seconds: float, *, is_overloaded: bool) -> None:
        """The head of an answer is there, or too late. is_overloaded: the backend says that it is, or says nothing."""
        if self._probe is not None and seconds > self._now - self._probe.began:
            return  # it was sent before the queue at the backend had become shorter
        self._samples.add(owner, max(seconds, 2 * _TOLERANCE * self.shortest) if is_overloaded else seconds)

    def tick(self, now: float, in_use: int) -> bool:
        """Time passes; whether the limit has changed. in_use: places that are taken."""
        before = self.limit
        self._now = now
        self._most_in_use = max(self._most_in_use, in_use)
        if self._probe is not None:
            self._look_at(self._probe)
        elif now - self._began >= _WINDOW and self._samples.count >= _MIN_SAMPLES:
            self._end_window()
        return self.limit != before

    def _end_window(self) -> None:
        self.measured = measured = self._samples.value()
        self.shortest = min(self.shortest or measured, measured)
        is_reached = self._most_in_use > self._exact / 2
        self._begin_window()
        if not is_reached:
            return
        self._follow(min(1.0, _TOLERANCE * self.shortest / measured))
        if self._now >= self._next_probe or self._at_lowest >= _WINDOWS_AT_LOWEST:
            self._probe = _Probe(self._exact / 2, self._now, measured)
            self._at_lowest = 0

    def _follow(self, gradient: float) -> None:
        wanted = self._exact * max(_SLOWEST_GRADIENT, gradient) + sqrt(self._exact)
        self._exact = min(float(self.rules.highest), max(float(self.rules.lowest), wanted))
        self._at_lowest = self._at_lowest + 1 if self._exact == self.rules.lowest else 0

    def _look_at(self, probe: "_Probe") -> None:
        is_told = self._samples.count >= _MIN_SAMPLES
        if not is_told and self._now - probe.began < max(_LONGEST_PROBE, 3 * self.shortest):
            return
        seconds = self._samples.value() if is_told else probe.seconds
        if seconds < _FASTER * probe.seconds and probe.limit > self.rules.lowest:
            self._probe = _Probe(probe.limit / 2, self._now, seconds)
        else:
            self.shortest = min(seconds, probe.seconds)
            self._probe = None
            self._next_probe = self._now + _PROBE_EVERY * (0.9 + 0.2 * self._chance())
        self._begin_window()

    def _begin_window(self) -> None:
        self._began = self._now
        self._most_in_use = 0
        self._samples.clear()


@dataclass(frozen=True, slots=True)
class _Probe:
    """One step of it. limit: until it is over. began: when. seconds: what an answer took before it."""

    limit: float
    began: float
    seconds: float
