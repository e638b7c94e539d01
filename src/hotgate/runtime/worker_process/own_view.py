"""What a worker tells of itself when a request is explained: what it holds of a limit, which places are free, whom it
sheds, whom it can ask.

It looks and changes nothing. The other end is `runtime/desks/worker_views.py`.
"""

from collections.abc import Callable

from hotgate.limits.concurrency.outlook import PlaceWish
from hotgate.limits.lease_client import LeaseClient
from hotgate.runtime.worker_process.data_plane import DataPlane
from hotgate.runtime.workers.channel import Message


class OwnView:
    """clock: that of the limiter."""

    def __init__(
        self,
        limiter: LeaseClient,
        data_plane: DataPlane,
        send: Callable[[Message], object],
        clock: Callable[[], float],
    ) -> None:
        self._limiter = limiter
        self._data_plane = data_plane
        self._send = send
        self._clock = clock

    def tell(self, message: Message) -> None:
        """Answer a `look`. Raises KeyError, TypeError or ValueError for one that makes no sense."""
        scope, key = message["limit"]
        place = self._data_plane.outlook(PlaceWish(*message["place"]))
        told = {"held": self._held(scope, key), "place": place.message()}
        view = self._data_plane.view(str(message["upstream"]))
        self._send({"type": "looked", "number": int(message["number"]), **told, **view})

    def _held(self, scope: str, key: str) -> int:
        lease = self._limiter.lease(scope, key)
        return 0 if lease is None else lease.spendable(self._clock())
