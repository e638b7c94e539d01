import asyncio

from hotgate.runtime.desks.operator_desk import OperatorDesk
from unit.runtime.fakes import FakeChannel


def test_commands_are_answered_when_it_is_done() -> None:
    async def run() -> None:
        outcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        desk, channel = OperatorDesk({"reload": lambda: outcome}, {}), FakeChannel(1)
        assert [desk.serves({"type": kind}) for kind in ("reload", "hello")] == [True, False]
        desk.on_message(channel, {"type": "reload"})
        await asyncio.sleep(0)
        assert channel.sent == []
        outcome.set_result("a bad file")
        await asyncio.sleep(0)
        assert channel.sent == [{"type": "done", "reason": "a bad file"}]

    asyncio.run(run())


def test_a_stop_leaves_nobody_waiting() -> None:
    async def run() -> None:
        outcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        channel = FakeChannel(1)
        OperatorDesk({"reload": lambda: outcome}, {}).on_message(channel, {"type": "reload"})
        outcome.cancel()
        await asyncio.sleep(0)
        assert channel.sent == [{"type": "done", "reason": "the gateway is stopping"}]

    asyncio.run(run())


def test_neither_does_a_bug() -> None:
    async def run() -> None:
        outcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        channel = FakeChannel(1)
        OperatorDesk({"reload": lambda: outcome}, {}).on_message(channel, {"type": "reload"})
        outcome.set_exception(RuntimeError("with a secret"))
        await asyncio.sleep(0)
        assert channel.sent == [{"type": "done", "reason": "internal error: RuntimeError"}]

    asyncio.run(run())


def test_what_is_known_is_answered_at_once() -> None:
    desk, channel = OperatorDesk({}, {"ask": lambda message: {"reason": "", "heard": message["text"]}}), FakeChannel(1)
    assert desk.serves({"type": "ask"})
    desk.on_message(channel, {"type": "ask", "text": "x"})
    assert channel.sent == [{"type": "done", "reason": "", "heard": "x"}]
