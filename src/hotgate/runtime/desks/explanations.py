"""Explains requests for operators of a running gateway, with what it knows: keys, store, limits, bans.

The configuration in force is compiled once more, in a thread, when somebody first asks about it.
"""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

from hotgate.config.loader import Loaded
from hotgate.control.api.explain import Explained, Question
from hotgate.control.gateway_state import ExplainBusy
from hotgate.keys.explain_ticket import new_ticket
from hotgate.keys.sealing_ring import SealingRing
from hotgate.runtime.explaining.explainer import Explainer
from hotgate.runtime.explaining.peeking import World
from hotgate.runtime.explaining.places import place_of
from hotgate.runtime.workers.channel import Message

MAX_WAITING = 16  # questions at once; each is answered within milliseconds, unless it waits for somebody else
SECONDS = 30.0  # for one question, with its turn
_MAX_PATH = 32


class Explanations:
    """world: of a configuration, as it is when a question comes. now: epoch seconds."""

    def __init__(self, world: Callable[[Loaded], World], now: Callable[[], float] = time.time) -> None:
        self._world = world
        self._now = now
        self._loaded: Loaded | None = None
        self._explainer: asyncio.Future[Explainer] | None = None
        self._waiting = 0

    def follow(self, loaded: Loaded) -> None:
        """A configuration is in force."""
        if loaded is not self._loaded:
            self.stop()
            self._loaded = loaded

    def stop(self) -> None:
        """Forget what was compiled, and let go of its connections."""
        flight, self._explainer = self._explainer, None
        if flight is not None:
            flight.add_done_callback(_close)

    async def explain(self, question: Question) -> Explained:
        """Raises ExplainBusy, TimeoutError, and ValueError for what is no request."""
        if self._loaded is None or self._waiting >= MAX_WAITING:
            raise ExplainBusy("too many questions wait for an explanation")
        self._waiting += 1
        try:
            async with asyncio.timeout(SECONDS):
                return await (await self._of(self._loaded)).explain(question)
        finally:
            self._waiting -= 1

    async def answer(self, question: Any) -> Message:
        """To a command, which sends what the model of a question makes of it."""
        try:
            explained = await self.explain(Question.model_validate_json(json.dumps(question)))
        except (ExplainBusy, TimeoutError, ValueError) as error:
            return {"reason": f"cannot be explained: {error or 'somebody who was asked is slow'}"}
        return {"reason": "", "explained": explained.model_dump(mode="json")}

    async def position(self, path: Any) -> str:
        """`file:line` of the keys that a worker has sent. Raises TypeError or ValueError for what are none."""
        if self._loaded is None or not isinstance(path, list) or len(path) > _MAX_PATH:
            raise ValueError("no path of the configuration")
        if not all(isinstance(part, str | int) for part in path):
            raise TypeError("a path has names and numbers")
        return place_of(self._loaded, path)

    def ticket(self, keys: list[dict[str, Any]] | None) -> tuple[str, float] | None:
        """A ticket for explained answers, and when it ends; None where answers are not explained."""
        if self._loaded is None or not self._loaded.config.admin.explain or keys is None:
            return None
        return new_ticket(SealingRing.from_message(keys), self._now())

    async def _of(self, loaded: Loaded) -> Explainer:
        """One flight for all who ask about a new configuration."""
        if self._explainer is None:
            compiling = asyncio.to_thread(Explainer, loaded, self._world(loaded))
            self._explainer = asyncio.ensure_future(compiling)
        flight = self._explainer
        try:
            return await asyncio.shield(flight)
        except Exception:
            if self._explainer is flight:
                self._explainer = None
            raise


def _close(flight: "asyncio.Future[Explainer]") -> None:
    if not flight.cancelled() and flight.exception() is None:
        flight.result().close()
