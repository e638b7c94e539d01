"""Serves the admin application from the event loop of the control process."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from hotgate.control.admin_connection import AdminConnection

_IDLE_SECONDS = 5
_STOP_SECONDS = 1


class AdminServer:
    """One listening socket and what is served on it. listening: the socket, closed by `stop`."""

    def __init__(self, application: ASGIApp, listening: socket.socket) -> None:
        config = uvicorn.Config(
            application,
            http=AdminConnection,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",  # what is no HTTP warns, and anybody can send it as often as they like
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_IDLE_SECONDS,
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
        self._server = _QuietServer(config)
        self.listening = listening
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Serve from now on."""
        self._task = asyncio.create_task(self._server.serve([self.listening]))

    async def stop(self) -> None:
        """Answer what was asked, then close."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task
        self.listening.close()


class _QuietServer(uvicorn.Server):
    """Leaves signals to the runtime."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
