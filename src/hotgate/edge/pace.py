"""Whether a client keeps up the minimum rate: a slow one occupies what others could use. Looked at by the tick only."""

import fcntl
import struct
import termios
from asyncio import Transport

from hotgate.edge.context import ClientTimeouts

_COUNT = struct.Struct("i")


class Pace:
    """One transfer. Each byte buys 1/rate seconds, after a time of grace (so counts Apache's mod_reqtimeout)."""

    __slots__ = ("_looked_at", "_waited")

    def __init__(self, now: float) -> None:
        self._looked_at = now
        self._waited = 0.0

    def is_too_slow(self, moved: int, rate: int, grace: float, now: float, *, is_held: bool = False) -> bool:
        """moved: bytes so far. rate: bytes per second, 0 for any. is_held: it is not the client that is waited for."""
        if not is_held:
            self._waited += now - self._looked_at
        self._looked_at = now
        return rate > 0 and self._waited > grace + moved / rate


class ReadingPace:
    """How a client takes what is queued for it, from the moment when that became too much.

    What it has acknowledged counts, not what the kernel has taken on its behalf.
    """

    __slots__ = ("_moved_at", "_pace", "_taken", "_transport", "_unread")

    def __init__(self, transport: Transport, now: float) -> None:
        self._transport = transport
        self._pace = Pace(now)
        self._moved_at = now
        self._taken = 0
        self._unread = _unread(transport)

    def is_too_slow(self, timeouts: ClientTimeouts, now: float) -> bool:
        """Whether it stands still for too long, or is below the rate."""
        unread = _unread(self._transport)
        if unread < self._unread:
            self._taken += self._unread - unread
            self._moved_at = now
        self._unread = unread
        is_below = self._pace.is_too_slow(self._taken, timeouts.read_rate, timeouts.grace, now)
        return is_below or now >= self._moved_at + timeouts.body


def _unread(transport: Transport) -> int:
    """Bytes queued here and in the kernel."""
    try:
        descriptor = transport.get_extra_info("socket").fileno()
        in_kernel: int = _COUNT.unpack(fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(_COUNT.size)))[0]
    except (OSError, ValueError):
        in_kernel = 0  # closed meanwhile
    return transport.get_write_buffer_size() + in_kernel
