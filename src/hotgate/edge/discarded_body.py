"""Bodies that nobody wants: that of a request which is being refused, and what is left of it when it was."""

from typing import TYPE_CHECKING

from hotgate.http.response import Response

if TYPE_CHECKING:
    from hotgate.edge.connection import ServerConnection


class DiscardedBody:
    """The consumer that forgets what it is given: to read the rest is cheaper than a new connection."""

    __slots__ = ("_connection",)

    def __init__(self, connection: "ServerConnection") -> None:
        self._connection = connection

    def on_request_data(self, data: bytes) -> None:
        """Forget it."""

    def on_request_end(self) -> None:
        self._connection.on_discarded()

    def on_request_broken(self, refusal: Response) -> None:
        self._connection.close_after_refusal()


class UnwantedBody:
    """The consumer while the refusal is being made: nothing is kept, and no more is read."""

    __slots__ = ("_connection",)

    def __init__(self, connection: "ServerConnection") -> None:
        self._connection = connection

    def on_request_data(self, data: bytes) -> None:
        self._connection.pause_reading()

    def on_request_end(self) -> None:
        """It is over, and nobody cares."""

    def on_request_broken(self, refusal: Response) -> None:
        """It was refused already."""
