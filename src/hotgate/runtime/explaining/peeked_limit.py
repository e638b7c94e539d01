"""What a limit would say to a request, from how full it is and from what workers hold of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from hotgate.limits.decision import LimitDecision, allowed, denied, hopeless
from hotgate.limits.limit import Limit
from hotgate.limits.standing import Standing


@dataclass(slots=True)
class PeekedLimit:
    """One question that a step has asked of the limiter. is_known: somebody could say. lent: of what is left, tokens
    that workers hold. note: what is not certain about the decision, or empty.
    """

    limit: Limit
    key: str
    decision: LimitDecision
    is_known: bool = True
    lent: int = 0
    note: str = ""


def peeked(
    limit: Limit, key: str, cost: int, standing: Standing | None, held: Sequence[int | None] = ()
) -> PeekedLimit:
    """held: what each worker has of it, None of one that is silent. What nobody knows counts as full.

    A worker spends what it holds and borrows what it lacks; what others hold it cannot get. So a request may pass at
    one and be refused at the next. Nobody knows who will take it: it is allowed then, and the note says how it stands.
    """
    if cost > limit.capacity:
        return PeekedLimit(limit, key, hopeless(limit))
    if standing is None:
        return PeekedLimit(limit, key, allowed(limit, limit.capacity - cost), is_known=False)
    free = max(0, int(standing.level))
    told = [each for each in held if each is not None]
    is_complete = len(told) == len(held) and (bool(held) or not standing.on_lease)
    lent = sum(told) if is_complete else standing.on_lease
    refusing = sum(each + free < cost for each in told)
    if is_complete and free < cost and refusing == len(held):
        return PeekedLimit(limit, key, denied(limit, standing.retry_after), lent=lent)
    decision = allowed(limit, max(0, int(standing.level) + lent - cost))
    if free >= cost or (is_complete and not refusing):
        return PeekedLimit(limit, key, decision, lent=lent)
    return PeekedLimit(limit, key, decision, lent=lent, note=f"{limit.name}: {_doubt(lent, refusing, told, held)}")


def _doubt(lent: int, refusing: int, told: Sequence[int], held: Sequence[int | None]) -> str:
    if len(told) < len(held) or not held:
        return f"{lent} tokens were lent to workers, and not all of them said what is left of it"
    return f"{refusing} of {len(held)} workers would refuse it: others hold what is left"
