"""What a worker tells an authority that it meets: the leases it holds, and what it knows of each bucket."""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from hotgate.limits.limit import Limit


@dataclass(frozen=True, slots=True)
class KeyReport:
    """held: tokens on lease. remaining: the level after the last grant, below zero in debt. borrowed: admitted alone
    since then. debt: used without having been lent, and not paid for by waiting.
    """

    scope: str
    key: str
    held: int
    remaining: int
    borrowed: int
    debt: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """is_fresh: the worker never had an authority, so there is nothing to learn from it.

    sequence: of the last message it sent. share: its part of every rate. loss: when, in monotonic seconds, somebody's
    knowledge was last lost (a worker died, or had to forget), or None.
    """

    is_fresh: bool = True
    sequence: int = 0
    share: float = 0.0
    loss: float | None = None
    limits: tuple[Limit, ...] = ()
    keys: tuple[KeyReport, ...] = field(default=())

    def message(self) -> dict[str, Any]:
        """The report as plain JSON types."""
        return {
            "type": "limits",
            "fresh": self.is_fresh,
            "seq": self.sequence,
            "share": self.share,
            "loss": self.loss,
            "limits": {limit.scope: limit.definition() for limit in self.limits},
            "keys": [[key.scope, key.key, key.held, key.remaining, key.borrowed, key.debt] for key in self.keys],
        }

    @classmethod
    def from_message(cls, message: dict[str, Any], now: Callable[[], float] = time.time) -> "Report":
        """Raises KeyError, TypeError or ValueError if the message is not a report.

        now: seconds since the epoch, for calendars.
        """
        loss = message["loss"]
        return cls(
            is_fresh=message["fresh"] is True,
            sequence=int(message["seq"]),
            share=_share(message["share"]),
            loss=None if loss is None else float(loss),
            limits=tuple(Limit.from_definition(scope, of, now) for scope, of in message["limits"].items()),
            keys=tuple(_key_reports(message["keys"])),
        )


def later(one: float | None, other: float | None) -> float | None:
    """The later of two times, either of which may be unknown."""
    return max((time for time in (one, other) if time is not None), default=None)


def _share(value: Any) -> float:
    share = float(value)
    if not (math.isfinite(share) and 0 <= share <= 1):
        raise ValueError("a share is from 0 to 1")
    return share


def _key_reports(rows: Iterable[Any]) -> Iterable[KeyReport]:
    for scope, key, held, remaining, borrowed, *since in rows:
        debt = since[0] if since else 0  # workers of an older version, which an upgrade leaves behind, owe nothing
        if min(int(held), int(borrowed), int(debt)) < 0:
            raise ValueError("a report has no negative tokens")
        yield KeyReport(str(scope), str(key), int(held), int(remaining), int(borrowed), int(debt))
