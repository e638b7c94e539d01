"""The gateway of the demo: `hotgate run` in a process of its own, read through its two logs."""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from pathlib import Path
from typing import Any

Record = dict[str, Any]
Show = Callable[[Record], None]

_PROGRAM = "from hotgate.cli import main; main()"
_PATIENCE = 5.0  # seconds for an orderly end; the configuration gives requests in flight one of them
_LONGEST_LINE = 1024 * 1024  # bytes; a traceback is one line


class GatewayProcess:
    """on_request: gets every record of the access log. on_message: gets every record of the gateway's own log."""

    def __init__(self, on_request: Show, on_message: Show) -> None:
        self._on_request = on_request
        self._on_message = on_message
        self._process: Process | None = None
        self._readers: list[asyncio.Task[None]] = []

    async def start(self, configuration: Path) -> None:
        """Start the process. Raises OSError.

        A process group of its own keeps Ctrl-C away from it: the demo decides when it stops.
        """
        self._process = process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-c", _PROGRAM, "run", "--config", str(configuration), "--log-format", "json"),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            limit=_LONGEST_LINE,
            process_group=0,
        )
        for stream, show in ((process.stdout, self._on_request), (process.stderr, self._on_message)):
            if stream is not None:
                self._readers.append(asyncio.create_task(_read(stream, show)))

    async def ended(self) -> None:
        """Return when the process has ended and everything it wrote was shown."""
        if self._process is not None:
            await self._process.wait()
            await asyncio.gather(*self._readers)

    async def stop(self) -> None:
        """End it. The second SIGTERM means at once; SIGKILL would leave workers behind, which is what they are for."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._process.wait()
        except TimeoutError:
            self._process.terminate()
        await self.ended()


async def _read(stream: asyncio.StreamReader, show: Show) -> None:
    async for line in stream:
        show(_record(line))


def _record(line: bytes) -> Record:
    """What a line says; one that is no JSON object, such as the interpreter's own last words, is a message."""
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if isinstance(record, dict):
        return record
    return {"level": "error", "message": line.decode("utf-8", "replace").rstrip()}
