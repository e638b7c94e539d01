"""The control process's end of the Unix socket: takes connections of workers."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

from hotgate.runtime.workers.channel import REPORT_LIMIT, Channel, Message

_BACKLOG = 512  # twice the largest number of workers: old and new ones may come at once


class WorkerServer:
    """Call only while holding the control lock: the socket that an earlier control process left behind is replaced."""

    def __init__(
        self, path: Path, on_message: Callable[[Channel, Message], None], on_closed: Callable[[Channel], None]
    ) -> None:
        self._path = path
        self._on_message = on_message
        self._on_closed = on_closed
        self._listening: socket.socket | None = None
        self._server: asyncio.Server | None = None

    def open(self) -> None:
        """Let workers connect; they are answered once `serve` is called. Raises OSError."""
        self._path.unlink(missing_ok=True)
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self._listening.bind(str(self._path))
        self._path.chmod(0o600)
        self._listening.listen(_BACKLOG)

    async def serve(self) -> None:
        """Answer workers from now on."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(self._channel, sock=self._listening, backlog=_BACKLOG)

    async def reopen(self) -> None:
        """Listen again, after another process has taken the path over and ended. Raises OSError."""
        self.leave()
        self.open()
        await self.serve()

    def leave(self) -> None:
        """Take no more connections; those there are go on. The path is another process's already."""
        if self._server is not None:
            self._server.close()
        if self._listening is not None:
            self._listening.close()

    def stop(self) -> None:
        """Take no more connections, for nobody will."""
        self.leave()
        self._path.unlink(missing_ok=True)

    def _channel(self) -> Channel:
        return Channel(on_message=self._on_message, on_closed=self._on_closed, receive_limit=REPORT_LIMIT)
