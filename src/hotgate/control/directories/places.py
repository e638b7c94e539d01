"""The places of a directory: tried in the order of the file, but one that has just failed comes last for a while."""

import time
from collections.abc import Callable, Sequence

from hotgate.control.directories.ldap_connection import Address

FAILED_FOR = 30.0  # seconds


class Places:
    """patience: seconds for a connection to one that is not the last to be tried. clock: monotonic seconds."""

    def __init__(
        self, addresses: Sequence[Address], patience: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.patience = patience
        self._addresses = tuple(addresses)
        self._clock = clock
        self._failed_until: dict[Address, float] = {}

    def in_order(self) -> list[Address]:
        """All of them, the good ones first."""
        return sorted(self._addresses, key=self.is_good, reverse=True)

    def is_good(self, address: Address) -> bool:
        """Whether nothing has failed there lately."""
        return self._clock() >= self._failed_until.get(address, 0.0)

    def failed(self, address: Address) -> None:
        """There was no connection to it, or no answer."""
        self._failed_until[address] = self._clock() + FAILED_FOR
