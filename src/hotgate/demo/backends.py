"""A backend of the demo: it answers every request with what it saw of it."""

import asyncio
import contextlib
import json
import socket
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


class Backend:
    """Serves on a free port of the loopback interface. An asynchronous context manager. url: where it listens."""

    def __init__(self, name: str) -> None:
        config = uvicorn.Config(
            _echo(name), lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=1
        )
        self._server = _QuietServer(config)
        self.url = ""

    async def __aenter__(self) -> Self:
        self._listening = socket.create_server(("127.0.0.1", 0))
        # Accepted sockets inherit it; without it the second write of an answer waits 40 ms for an acknowledgement.
        self._listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._task = asyncio.create_task(self._server.serve([self._listening]))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        await self._task
        self._listening.close()


def _echo(name: str) -> Starlette:
    async def echo(request: Request) -> Response:
        seen = {"method": request.method, "path": request.url.path, "headers": dict(request.headers)}
        text = json.dumps({"backend": name, "saw": seen}, indent=2)  # indented, for people read it
        return Response(text + "\n", media_type="application/json")

    return Starlette(routes=[Route("/{path:path}", echo)])


class _QuietServer(uvicorn.Server):
    """Leaves signals to the demo."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
