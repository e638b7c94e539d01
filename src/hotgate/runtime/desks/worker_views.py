"""Asks all workers how they see something, for explanations. The other end is `runtime/worker_process/own_view.py`."""

import asyncio
from collections.abc import Callable, Iterable

from hotgate.limits.concurrency.outlook import NO_WISH, PlaceWish
from hotgate.runtime.workers.channel import Message
from hotgate.runtime.workers.worker_handle import WorkerHandle
from hotgate.runtime.workers.worker_view import WorkerView

SECONDS = 0.25  # a worker answers within a turn of its event loop; one that does not is not waited for

Views = list[WorkerView | None]


class WorkerViews:
    """workers: those that serve, all of this version: an older one would not understand the question."""

    def __init__(self, workers: Callable[[], Iterable[WorkerHandle]]) -> None:
        self._workers = workers
        self._number = 0
        self._asked: dict[tuple[int, WorkerHandle], asyncio.Future[WorkerView]] = {}

    async def look(self, upstream: str = "", limit: tuple[str, str] = ("", ""), place: PlaceWish = NO_WISH) -> Views:
        """One view for each worker, None of one that is silent. limit: its scope and the key."""
        self._number += 1
        number, loop = self._number, asyncio.get_running_loop()
        asked = {(number, worker): loop.create_future() for worker in self._workers()}
        self._asked.update(asked)
        for _, worker in asked:
            worker.send({"type": "look", "number": number, "upstream": upstream, "limit": limit, "place": place})
        try:
            if asked:
                await asyncio.wait(asked.values(), timeout=SECONDS)
        finally:
            for each in asked:
                self._asked.pop(each, None)
        return [answer.result() if answer.done() else None for answer in asked.values()]

    def received(self, worker: WorkerHandle, message: Message) -> None:
        """A worker has looked. Raises KeyError, TypeError or ValueError for an answer that makes no sense."""
        waiting = self._asked.pop((int(message["number"]), worker), None)
        if waiting is not None:
            waiting.set_result(WorkerView.from_message(message))
