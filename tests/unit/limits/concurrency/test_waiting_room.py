import asyncio

from hotgate.limits.concurrency.waiting_room import WaitingRoom


def test_nobody_is_called_before_the_time() -> None:
    async def script() -> None:
        room = WaitingRoom(2)
        first, second = asyncio.ensure_future(room.enter(1.0)), asyncio.ensure_future(room.enter(2.0))
        assert room.is_full
        room.tick(0.9)
        assert not first.done()
        room.tick(1.0)
        await first
        assert not second.done()
        room.tick(5.0)
        await second
        assert len(room) == 0

    asyncio.run(script())


def test_a_place_is_free_again_when_its_client_leaves() -> None:
    async def script() -> None:
        room = WaitingRoom(1)
        waiting = asyncio.ensure_future(room.enter(1.0))
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert not room.is_full
        room.tick(2.0)

    asyncio.run(script())
