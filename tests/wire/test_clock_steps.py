"""The machine's clock is set while clients are connected: deadlines are measured by another one."""

import time

import pytest

from wire.samples import GET, OK
from wire.scenario import Wire, scenario

DAY = 86_400.0


@pytest.mark.parametrize("step", [-DAY, DAY])
def test_a_step_moves_no_deadline(step: float, monkeypatch: pytest.MonkeyPatch) -> None:
    @scenario(limits={"header_timeout": "15s"})
    async def script(wire: Wire) -> None:
        slow, kept = await wire.send(GET[:10]), await wire.send(GET)  # what is sent first is read first
        backend = await wire.backend.accept()
        await backend.message()
        now = time.time() + step
        monkeypatch.setattr(time, "time", lambda: now)
        wire.gateway.advance(9)  # less than a client has for its first byte, which may not have been read yet
        backend.send(OK)
        answer = await kept.message()
        assert answer.body == b"ok"
        kept.send(b"GET /missing HTTP/1.1\r\n")
        slow.send(GET[10:])
        await backend.message()
        backend.send(OK)
        assert (await slow.message()).body == b"ok"
        assert wire.gateway.connections == 2
        wire.gateway.advance(16)
        assert (await kept.message()).status == 408

    script()
