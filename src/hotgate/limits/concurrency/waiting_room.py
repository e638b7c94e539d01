"""Where answers wait that are told late on purpose. It has few places, or waiting itself would be an attack."""

import asyncio
from collections.abc import Awaitable


class WaitingRoom:
    """places: how many may wait at once."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._until: dict[asyncio.Future[None], float] = {}

    @property
    def is_full(self) -> bool:
        """Whether nobody else may wait."""
        return len(self._until) >= self._places

    def enter(self, until: float) -> Awaitable[None]:
        """Take a place up to a time in monotonic seconds, by the tick's clock."""
        called = asyncio.get_running_loop().create_future()
        self._until[called] = until
        called.add_done_callback(self._leave)
        return called

    def tick(self, now: float) -> None:
        """Let those go whose time has come."""
        for called in [called for called, until in self._until.items() if until <= now]:
            del self._until[called]
            if not called.done():
                called.set_result(None)

    def _leave(self, called: "asyncio.Future[None]") -> None:
        """Its client may have left before it was called."""
        self._until.pop(called, None)

    def __len__(self) -> int:
        return len(self._until)
