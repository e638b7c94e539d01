"""Two-phase change of configuration: all workers of a generation change, or none does."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from hotgate.runtime.compiling.configuration import Configuration
from hotgate.runtime.workers.worker_handle import WorkerHandle

PREPARE_TIMEOUT = 60.0  # seconds; 10,000 routes take a few on a slow core


async def roll_out(
    workers: Sequence[WorkerHandle],
    configuration: Configuration,
    keys: Mapping[str, Any],
    timeout: float = PREPARE_TIMEOUT,  # noqa: ASYNC109 (one deadline for all answers together)
) -> str:
    """Prepare everywhere, then commit everywhere. Returns why it was refused; empty when it is in force.

    A worker that dies or disconnects meanwhile does not count: it gets the outcome when it is back.
    """
    frame = configuration.prepare_frame(keys)
    answers = {worker: worker.prepare(configuration.revision, frame) for worker in workers}
    if answers:
        await asyncio.wait(answers.values(), timeout=timeout)
    if reason := _refusal(answers):
        for worker in workers:
            worker.send({"type": "abort", "revision": configuration.revision})
        return reason
    for worker in workers:
        if worker.channel is not None:
            worker.commit(configuration.revision)
    return ""


def _refusal(answers: "Mapping[WorkerHandle, asyncio.Future[str]]") -> str:
    for worker, answer in answers.items():
        if not answer.done():
            return f"worker {worker.name} did not answer in time"
        if answer.result() and worker.channel is not None:
            return answer.result()
    return ""
