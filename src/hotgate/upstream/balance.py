"""Which target serves the next request. The choices that look at the request are in `hash_ring.py` and `sticky.py`."""

from bisect import bisect
from collections.abc import Callable, Iterable, Sequence
from heapq import heapify, heapreplace
from itertools import accumulate
from random import random as weak_random
from typing import TYPE_CHECKING

from hotgate.upstream.target import Target

if TYPE_CHECKING:
    from hotgate.pipeline.exchange import Exchange

Choose = Callable[["Exchange | None"], Target]
"""The target for an exchange; None asks for the next one whoever it is for."""

Balancer = Callable[[Sequence[Target]], Choose]
"""Made anew whenever the targets that may be used, or their weights, change."""


def round_robin(targets: Sequence[Target]) -> Choose:
    """Weighted round robin, smooth: with weights 5, 1, 1 the order is a a a b a a c, never five in a row.

    The turn of each target comes `weight` times in a period, and the earliest turn is next (as in Envoy's scheduler).
    Targets begin at different points of the period, so that those of equal weight do not all come at once.
    """
    if len(targets) == 1:
        only = targets[0]
        return lambda _: only
    weights = [target.weight for target in targets]
    begins = [(index + 0.5) / len(targets) for index in range(len(targets))]
    turns = [(begin / weights[index], index, begin) for index, begin in enumerate(begins)]
    heapify(turns)

    def choose(_: "Exchange | None") -> Target:
        _due, index, count = turns[0]
        heapreplace(turns, ((count + 1) / weights[index], index, count + 1))  # no sum of rounding errors
        return targets[index]

    return choose


def least_requests(targets: Sequence[Target]) -> Choose:
    """The target with the fewest exchanges under way for its weight; ties go round robin."""
    if len(targets) == 1:
        return round_robin(targets)
    turn = round_robin(targets)

    def choose(exchange: "Exchange | None") -> Target:
        best = turn(exchange)
        for target in targets:
            if target.active * best.weight < best.active * target.weight:
                best = target
        return best

    return choose


def power_of_two(targets: Sequence[Target]) -> Choose:
    """The less busy of two, picked at random by weight: nearly as even as the least busy of all, at a fixed cost.

    Workers and gateways that do not know of each other do not all run to the same target, as they do with the least
    busy one (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001).
    """
    if len(targets) == 1:
        return round_robin(targets)
    ends = list(accumulate(target.weight for target in targets))  # of each target's part of a line, long as its weight

    def pick() -> Target:
        return targets[bisect(ends, int(weak_random() * ends[-1]))]  # noqa: S311  (no secret)

    def choose(_: "Exchange | None") -> Target:
        one, other = pick(), pick()
        return other if other.active * one.weight < one.active * other.weight else one

    return choose


def least_busy(targets: Iterable[Target]) -> Target:
    """The first of those with the fewest exchanges under way for their weight."""
    return min(targets, key=lambda target: target.active / target.weight)


BALANCERS: dict[str, Balancer] = {
    "round_robin": round_robin,
    "least_requests": least_requests,
    "power_of_two": power_of_two,
}
