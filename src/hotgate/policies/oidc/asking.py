"""Questions to the control process, which alone speaks to providers and to where sessions are kept."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

# A provider may be slow: the control process gives it less time than this. A policy may wait for 30 seconds.
_PROVIDER_SECONDS = 20.0
_OWN_SECONDS = 3.0

Ask = Callable[..., Awaitable[Any]]


class Unanswered(Exception):
    """The control process is gone, slow, or cannot know: who needs its answer is answered 503."""


class Asking:
    """entry: whose provider and whose sessions the questions are about. ask: None where nobody is asked."""

    def __init__(self, entry: str, ask: Ask | None) -> None:
        self._entry = entry
        self._ask = ask

    async def provider(self, about: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """A question that the provider may have to answer. Raises Unanswered."""
        answer = await self._asked(about, body, _PROVIDER_SECONDS)
        if not isinstance(answer, Mapping):
            raise Unanswered(f"no answer about {about}")
        return answer

    async def own(self, about: str, body: Mapping[str, Any]) -> Any:
        """A question about what we keep ourselves. Raises Unanswered."""
        return await self._asked(about, body, _OWN_SECONDS)

    async def _asked(self, about: str, body: Mapping[str, Any], wait: float) -> Any:
        if self._ask is None:
            raise Unanswered("there is nobody to ask")
        try:
            return await self._ask(about, {"provider": self._entry, **body}, wait=wait)
        except Exception as error:  # runtime's Unanswered, which is defined above this package
            raise Unanswered(str(error)) from error
