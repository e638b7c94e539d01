"""A worker's request for tokens of one key."""

import math
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from hotgate.limits.key import MAX_KEY_LENGTH
from hotgate.limits.limit import Limit


class LeaseRequest(NamedTuple):
    """need: tokens that waiting requests lack. least: those of them without which the first cannot be served.

    want: tokens beyond that, to avoid asking again. held: what the worker still has from before; all else that it was
    lent counts as spent. debt: tokens that were used without having been lent. refunded: tokens that were spent
    and settled, and not used after all. spent_at: no later than any of these was spent, in monotonic seconds.
    """

    limit: Limit
    key: str
    need: int = 1
    want: int = 0
    held: int = 0
    least: int = 1
    debt: int = 0
    refunded: int = 0
    spent_at: float = 0.0

    def message(self, sequence: int) -> dict[str, Any]:
        """The request as plain JSON types."""
        return {
            "type": "lease",
            "seq": sequence,
            "scope": self.limit.scope,
            "limit": self.limit.definition(),
            "key": self.key,
            "need": self.need,
            "want": self.want,
            "held": self.held,
            "least": self.least,
            "debt": self.debt,
            "refunded": self.refunded,
            "spent_at": self.spent_at,
        }

    @classmethod
    def from_message(cls, message: Mapping[str, Any], now: Callable[[], float] = time.time) -> "LeaseRequest":
        """Raises KeyError, TypeError or ValueError if the message is not a request.

        now: seconds since the epoch, for calendars. Workers of an older version, which an upgrade leaves behind, know
        of no costs: each of their requests takes one token. What they give back may have been spent at any time.
        """
        key = str(message["key"])
        need, want, held = int(message["need"]), int(message["want"]), int(message["held"])
        least, debt = int(message.get("least", min(1, need))), int(message.get("debt", 0))
        refunded = int(message.get("refunded", 0))
        if len(key) > MAX_KEY_LENGTH or min(need, want, held, least, debt, refunded) < 0:
            raise ValueError("a key has at most 128 characters, and tokens are not negative")
        spent_at = float(message.get("spent_at", 0.0))
        if not 0 <= spent_at < math.inf:
            raise ValueError("a time is a number, and not negative")
        limit = Limit.from_definition(str(message["scope"]), message["limit"], now)
        return cls(limit, key, need, want, held, least, debt, refunded, spent_at)
