"""The fixed order of a request's way. The order of keys in a file never matters; this does."""

from enum import IntEnum


class Phase(IntEnum):
    """Before the backend: admit to shape. After it: respond (reverse order). At the very end: finish."""

    ADMIT = 0
    AUTHENTICATE = 1
    AUTHORIZE = 2
    LIMIT = 3
    SHAPE = 4
    RESPOND = 5
    FINISH = 6
