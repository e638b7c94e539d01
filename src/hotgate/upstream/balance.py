"""Which target serves the next request. The choices that look at the request are in `hash_ring.py` and `sticky.py`."""

from collections.abc import Callable, Iterable, Sequence
from math import gcd
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
    """Weighted round robin, smooth: with weights 5, 1, 1 the order is a a b a c a a, never five in a row.

    The order is computed once (the algorithm of nginx's upstream module); choosing is an index.
    """
    if len(targets) == 1:
        only = targets[0]
        return lambda _: only
    order = _smooth_order(targets)
    position = -1

    def choose(_: "Exchange | None") -> Target:
        nonlocal position
        position = (position + 1) % len(order)
        return order[position]

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
    order = _smooth_order(targets)
    count = len(order)

    def choose(_: "Exchange | None") -> Target:
        one, other = order[int(weak_random() * count)], order[int(weak_random() * count)]  # noqa: S311  (no secret)
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


def _smooth_order(targets: Sequence[Target]) -> list[Target]:
    divisor = gcd(*(target.weight for target in targets))
    weights = [target.weight // divisor for target in targets]
    total = sum(weights)
    credit = [0] * len(targets)
    order = []
    for _ in range(total):
        credit = [have + weight for have, weight in zip(credit, weights, strict=True)]
        chosen = credit.index(max(credit))
        credit[chosen] -= total
        order.append(targets[chosen])
    return order
