"""How many calls may wait for one provider, so that one that is slow holds up nobody but its own users."""

from collections.abc import Iterator
from contextlib import contextmanager

from hotgate.control.openid.failures import Busy


class Flights:
    """most: that may be under way at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._flying = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """One of them, for the length of the block. Raises Busy."""
        if self._flying >= self._most:
            raise Busy(f"{self._most} are under way")
        self._flying += 1
        try:
            yield
        finally:
            self._flying -= 1
