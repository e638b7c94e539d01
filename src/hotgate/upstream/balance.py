"""Which target serves the next request."""

from collections.abc import Callable, Sequence
from math import gcd

from hotgate.upstream.target import Target

Balancer = Callable[[], Target]


def round_robin(targets: Sequence[Target]) -> Balancer:
    """Weighted round robin, smooth: with weights 5, 1, 1 the order is a a b a c a a, never five in a row.

    The order is computed once (the algorithm of nginx's upstream module); choosing is an index.
    """
    if len(targets) == 1:
        only = targets[0]
        return lambda: only
    order = _smooth_order(targets)
    position = -1

    def choose() -> Target:
        nonlocal position
        position = (position + 1) % len(order)
        return order[position]

    return choose


def least_requests(targets: Sequence[Target]) -> Balancer:
    """The target with the fewest exchanges under way for its weight; ties go round robin."""
    if len(targets) == 1:
        return round_robin(targets)
    turn = round_robin(targets)

    def choose() -> Target:
        best = turn()
        for target in targets:
            if target.active * best.weight < best.active * target.weight:
                best = target
        return best

    return choose


BALANCERS: dict[str, Callable[[Sequence[Target]], Balancer]] = {
    "round_robin": round_robin,
    "least_requests": least_requests,
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
