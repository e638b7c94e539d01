"""What becomes of a request that is given up: an answer at once, or a late one for who did not wait before.

Most programs ask again at once, whatever `Retry-After` says. Then refusals cost more than what they save, unless those
are made to wait. It costs a place for a connection, which an idle client has as well.
"""

import random
from typing import TYPE_CHECKING

from hotgate.edge.discarded_body import UnwantedBody
from hotgate.edge.stage import Stage
from hotgate.http.response import Response

if TYPE_CHECKING:
    from hotgate.edge.relay import Relay

_PAUSE = (0.25, 1.0)  # seconds; by chance, or all would come back together
_TICKS = 4  # for which it is remembered who was told to wait, at least: the least `Retry-After`


class ToldToWait:
    """Connections that were told so, in the last second or two."""

    __slots__ = ("_before", "_now", "_ticks")

    def __init__(self) -> None:
        self._now: set[object] = set()
        self._before: set[object] = set()
        self._ticks = 0

    def add(self, connection: object) -> bool:
        """Whether it was told already."""
        known = connection in self._now or connection in self._before
        self._now.add(connection)
        return known

    def discard(self, connection: object) -> None:
        """It is gone."""
        self._now.discard(connection)
        self._before.discard(connection)

    def tick(self) -> None:
        """Forget those of long ago."""
        self._ticks += 1
        if self._ticks % _TICKS == 0:
            self._before, self._now = self._now, set()


def shed(relay: "Relay", refusal: Response) -> None:
    """Answer a request that is not served, now or after a pause."""
    if not relay.context.told_to_wait.add(relay.downstream):
        relay.respond(refusal)
        return
    if not relay.incoming.is_complete:
        relay.incoming.consumer = UnwantedBody(relay.downstream)
    relay.refusal = refusal
    relay.wait(Stage.REFUSAL, random.uniform(*_PAUSE))  # noqa: S311 (nothing to guess)
