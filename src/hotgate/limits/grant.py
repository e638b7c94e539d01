"""The authority's answer to a worker that asks for tokens."""

from typing import NamedTuple


class Grant(NamedTuple):
    """granted: tokens that the worker may now spend. remaining: whole tokens left in the bucket, below zero in debt.

    retry_after: seconds until there are enough tokens, when there were not; 0 otherwise. must_wait: nothing could be
    decided yet, ask again soon. Nothing granted, no `must_wait` and no `retry_after`: there is no need to take more
    now. is_urgent: more than a worker may hold, so it is for the first who waits, and for nobody if it arrives late.
    charged: tokens of debt that were taken. lasts: for how many seconds the tokens can be kept, if not for ever.

    AWAITED is NOT_YET of which is known that there will be an answer soon.
    """

    granted: int = 0
    remaining: int = 0
    retry_after: float = 0.0
    must_wait: bool = False
    is_urgent: bool = False
    charged: int = 0
    lasts: float | None = None


NOT_YET = Grant(must_wait=True)
AWAITED = Grant(must_wait=True)
