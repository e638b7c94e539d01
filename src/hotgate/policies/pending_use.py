"""A good token that may be used once: found good, but not used up yet, because something else may be missing."""

from collections.abc import Awaitable, Callable, Generator
from typing import Any

from hotgate.http.response import Response
from hotgate.identity.principal import Principal


class PendingUse:
    """Awaiting it uses the token up, and gives the caller or the refusal; the same one to everybody who awaits it."""

    __slots__ = ("_outcome", "_use")

    def __init__(self, use: Callable[[], Awaitable[Principal | Response | None]]) -> None:
        self._use = use
        self._outcome: Principal | Response | None = None

    def __await__(self) -> Generator[Any, None, Principal | Response | None]:
        if self._outcome is None:
            self._outcome = yield from self._use().__await__()
        return self._outcome
