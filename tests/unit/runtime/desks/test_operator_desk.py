import asyncio
import os

import pytest

from hotgate.runtime.desks.operator_desk import OperatorDesk
from unit.runtime.fakes import FakeChannel


def test_commands_are_answered_when_it_is_done() -> None:
    async def run() -> None:
        outcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        desk, channel = OperatorDesk({"reload": lambda: outcome}, {}, {}), FakeChannel(1)
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
        OperatorDesk({"reload": lambda: outcome}, {}, {}).on_message(channel, {"type": "reload"})
        outcome.cancel()
        await asyncio.sleep(0)
        assert channel.sent == [{"type": "done", "reason": "the gateway is stopping"}]

    asyncio.run(run())


def test_neither_does_a_bug() -> None:
    async def run() -> None:
        outcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        channel = FakeChannel(1)
        OperatorDesk({"reload": lambda: outcome}, {}, {}).on_message(channel, {"type": "reload"})
        outcome.set_exception(RuntimeError("with a secret"))
        await asyncio.sleep(0)
        assert channel.sent == [{"type": "done", "reason": "internal error: RuntimeError"}]

    asyncio.run(run())


def test_what_is_known_is_answered_at_once() -> None:
    desk, channel = (
        OperatorDesk({}, {"ask": lambda message: {"reason": "", "heard": message["text"]}}, {}),
        FakeChannel(1),
    )
    assert desk.serves({"type": "ask"})
    desk.on_message(channel, {"type": "ask", "text": "x"})
    assert channel.sent == [{"type": "done", "reason": "", "heard": "x"}]


def test_what_commands_have_changed_is_a_line_of_the_audit(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "hotgate.audit")

    async def run() -> None:
        rotated: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        reloaded: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        desk = OperatorDesk(
            {"rotate_signing_keys": lambda: rotated, "reload": lambda: reloaded},
            {
                "lift_ban": lambda message: {"reason": "" if message["address"] == "192.0.2.1" else "not banned"},
                "list_bans": lambda _: {"reason": ""},
            },
            {},
        )
        for message in (
            {"type": "lift_ban", "address": "192.0.2.1"},
            {"type": "lift_ban", "address": "192.0.2.2"},
            {"type": "list_bans"},
            {"type": "rotate_signing_keys"},
            {"type": "reload"},
        ):
            desk.on_message(FakeChannel(1), message)
        rotated.set_result("")
        reloaded.set_result("a bad file")
        await asyncio.sleep(0)

    asyncio.run(run())
    user = f"command of user {os.geteuid()}"
    assert [(record.msg, vars(record)["facts"]) for record in caplog.records] == [
        ("lift-ban", {"by": user, "subject": "192.0.2.1"}),
        ("rotate-signing-keys", {"by": user, "subject": ""}),
    ]
