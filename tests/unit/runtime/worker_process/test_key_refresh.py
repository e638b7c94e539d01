import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from hotgate.runtime.worker_process.key_refresh import KeyRefresh
from hotgate.runtime.workers.channel import Message


def play(script: Callable[[KeyRefresh, list[Message]], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        sent: list[Message] = []
        await script(KeyRefresh(sent.append), sent)

    asyncio.run(run())


def test_many_who_ask_are_one_question() -> None:
    async def script(refresh: KeyRefresh, sent: list[Message]) -> None:
        waiting = [asyncio.create_task(refresh.request("corp")) for _ in range(3)]
        await asyncio.sleep(0)
        refresh.done("corp")
        await asyncio.gather(*waiting)
        assert sent == [{"type": "refresh_keys", "name": "corp"}]

    play(script)


def test_one_who_gives_up_does_not_end_the_question_for_the_others() -> None:
    async def script(refresh: KeyRefresh, _sent: list[Message]) -> None:
        impatient, patient = (asyncio.create_task(refresh.request("corp")) for _ in range(2))
        await asyncio.sleep(0)
        impatient.cancel()
        await asyncio.sleep(0)
        refresh.done("corp")
        await patient

    play(script)


def test_nobody_waits_for_a_control_process_that_is_gone() -> None:
    async def script(refresh: KeyRefresh, _sent: list[Message]) -> None:
        waiting = asyncio.create_task(refresh.request("corp"))
        await asyncio.sleep(0)
        refresh.lost()
        await waiting

    play(script)


def test_an_answer_that_nobody_waits_for_is_ignored() -> None:
    async def script(refresh: KeyRefresh, _sent: list[Message]) -> None:
        refresh.done("corp")

    play(script)
