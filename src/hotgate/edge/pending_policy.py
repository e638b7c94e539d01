"""A policy that must wait: the only time that an exchange has a task."""

import asyncio
from collections.abc import Callable

from hotgate.http.response import Response
from hotgate.pipeline.run import Suspended

ANY_FAILURE = (Exception, SystemExit)  # a policy that raises denies, whatever it raised


class PendingPolicy:
    """Awaits what a step returned, then calls one of three.

    go_on: with the index of the next step. conclude: with the response that came of it. fail: with what was raised; a
    policy that cancels itself counts as raising.
    """

    __slots__ = ("_is_cancelled", "_task")

    def __init__(
        self,
        suspended: Suspended,
        *,
        go_on: Callable[[int], None],
        conclude: Callable[[Response], None],
        fail: Callable[[BaseException], None],
    ) -> None:
        self._is_cancelled = False
        waiting = self._wait(suspended, go_on, conclude, fail)
        self._task: asyncio.Task[None] | None = asyncio.get_running_loop().create_task(waiting)

    def cancel(self) -> None:
        """Call nobody any more. The exchange itself may be what runs in the task: then it ends by itself."""
        self._is_cancelled = True
        task, self._task = self._task, None  # it keeps its CancelledError, whose traceback knows this object
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    async def _wait(
        self,
        suspended: Suspended,
        go_on: Callable[[int], None],
        conclude: Callable[[Response], None],
        fail: Callable[[BaseException], None],
    ) -> None:
        try:
            outcome = await suspended.outcome
        except asyncio.CancelledError as error:
            if self._is_cancelled:
                raise
            fail(error)
        except ANY_FAILURE as error:
            if not self._is_cancelled:
                fail(error)
        else:
            if self._is_cancelled:
                return
            if outcome is None:
                go_on(suspended.resume_at)
            else:
                conclude(outcome)
