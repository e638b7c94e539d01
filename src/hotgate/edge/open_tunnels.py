"""All tunnels of a worker: they were let in once and then live for hours, so a revocation looks for them here.

A request costs nothing: only a tunnel that opens is noted. When something was revoked, a batch of tunnels is looked at
with each tick, so that ten thousand of them do not hold up everybody else.
"""

from typing import TYPE_CHECKING
from weakref import WeakSet

from hotgate.identity.tokens.revocations import Revocations, has_ended
from hotgate.store.errors import StoreUnavailable

if TYPE_CHECKING:
    from hotgate.edge.tunnel import Tunnel

BATCH = 1000  # tunnels per tick; each costs some microseconds, as a point look-up does


class OpenTunnels:
    """A tunnel that is over goes by itself."""

    __slots__ = ("_open", "_revocations", "_waiting")

    def __init__(self) -> None:
        self._open: WeakSet[Tunnel] = WeakSet()
        self._waiting: list[Tunnel] = []
        self._revocations: Revocations | None = None

    def add(self, tunnel: "Tunnel") -> None:
        """It has opened."""
        self._open.add(tunnel)

    def look_again(self, revocations: Revocations) -> None:
        """Something may have been revoked."""
        self._revocations = revocations
        self._waiting = list(self._open)

    def tick(self) -> None:
        """Tell those to go whose caller is no longer let in. While nobody can tell, nobody goes."""
        if not self._waiting or self._revocations is None:
            return
        batch, rest = self._waiting[:BATCH], self._waiting[BATCH:]
        try:
            for tunnel in batch:
                principal = tunnel.principal
                if principal is not None and has_ended(self._revocations, principal):
                    tunnel.revoke()
        except StoreUnavailable:
            return
        self._waiting = rest
