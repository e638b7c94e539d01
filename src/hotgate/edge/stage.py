"""What an exchange waits for, and until when."""

from enum import IntEnum

NEVER = float("inf")


class Stage(IntEnum):
    """POLICY: a step's awaitable. CLIENT_BODY: more of the request. CONNECTION: the pool, which bounds it itself.

    ANSWER_HEAD, ANSWER_BODY: the backend. CLIENT_READS: a client slower than the backend. TUNNEL: either side.
    NEXT_TRY: the next tick, for a request that failed. REFUSAL: nothing, for a client that does not wait by itself.
    """

    POLICY = 0
    CLIENT_BODY = 1
    CONNECTION = 2
    ANSWER_HEAD = 3
    ANSWER_BODY = 4
    CLIENT_READS = 5
    TUNNEL = 6
    NEXT_TRY = 7
    REFUSAL = 8
