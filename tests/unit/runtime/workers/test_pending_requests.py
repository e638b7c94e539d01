import asyncio

from hotgate.runtime.workers.pending_requests import PendingRequests, answer_all


def test_all_who_ask_by_then_are_answered_together() -> None:
    async def script() -> None:
        requests = PendingRequests()
        first, second = requests.add(), requests.add()
        taken = await requests.take()
        late = requests.add()
        answer_all(taken, "why not")
        assert (first.result(), second.result(), late.done()) == ("why not", "why not", False)
        assert await requests.take() == [late]

    asyncio.run(script())


def test_who_wants_to_know_no_more_stops_nobody() -> None:
    async def script() -> None:
        requests = PendingRequests()
        gone, there = requests.add(), requests.add()
        gone.cancel()
        answer_all(await requests.take(), "")
        assert there.result() == ""

    asyncio.run(script())
