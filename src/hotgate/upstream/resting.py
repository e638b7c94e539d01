"""Connections whose last answer had no body: kept apart for a while, for the backend may send one all the same.

A backend that answers HEAD, or with 204 or 304, and then sends a body breaks the framing: the next answer on that
connection would begin with bytes that it took for a body (RFC 9112 §6.3). Most of these bytes follow at once. So such a
connection is used last, and only if nothing has arrived on it; and a backend that was caught once keeps none any more.
"""

import logging
import select
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hotgate.upstream.connection import UpstreamConnection

_REST = 0.5  # seconds: two ticks, so at least one whole one
_log = logging.getLogger("hotgate.upstream")


class Resting:
    """The resting connections of one target, the one that has rested longest first."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._connections: deque[UpstreamConnection] = deque()
        self._distrusts = False

    def add(self, connection: "UpstreamConnection") -> bool:
        """Let a connection rest from its `idle_since` on. False if it had better be closed."""
        if self._distrusts:
            return False
        self._connections.append(connection)
        return True

    def take(self) -> "UpstreamConnection | None":
        """One that is wanted before it has rested enough, if there is one on which nothing has arrived."""
        while self._connections:
            connection = self._connections.popleft()
            if not connection.transport.is_closing():
                if not _is_readable(connection):
                    return connection
                connection.transport.abort()
        return None

    def take_rested(self, now: float) -> "UpstreamConnection | None":
        """One that has rested enough to be like any other."""
        if self._connections and now - self._connections[0].idle_since >= _REST:
            return self.take()
        return None

    def remove(self, connection: "UpstreamConnection") -> bool:
        """Whether it was here."""
        try:
            self._connections.remove(connection)
        except ValueError:
            return False
        return True

    def distrust(self) -> None:
        """The backend has sent a body where none may be: its connections rest no more, they are closed."""
        if not self._distrusts:
            self._distrusts = True
            _log.warning("%s sends a body where HTTP allows none; such connections are closed", self._target)
        self.close()

    def close(self) -> None:
        """Close them all."""
        while self._connections:
            self._connections.popleft().transport.close()

    def __len__(self) -> int:
        return len(self._connections)

    def __contains__(self, connection: object) -> bool:
        return connection in self._connections


def _is_readable(connection: "UpstreamConnection") -> bool:
    """Whether bytes, or the end, have arrived that the event loop has not read yet."""
    arrived = select.poll()  # not select(), which ends at descriptor 1023
    arrived.register(connection.transport.get_extra_info("socket").fileno(), select.POLLIN)
    return bool(arrived.poll(0))
