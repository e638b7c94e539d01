"""The rest of a refused request's body: reading it is cheaper than a new connection."""

from typing import TYPE_CHECKING

from hotgate.http.response import Response

if TYPE_CHECKING:
    from hotgate.edge.connection import ServerConnection


class DiscardedBody:
    """The consumer that forgets what it is given."""

    __slots__ = ("_connection",)

    def __init__(self, connection: "ServerConnection") -> None:
        self._connection = connection

    def on_request_data(self, data: bytes) -> None:
        """Forget it."""

    def on_request_end(self) -> None:
        self._connection.on_discarded()

    def on_request_broken(self, refusal: Response) -> None:
        self._connection.close_after_refusal()
