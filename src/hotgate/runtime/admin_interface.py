"""The admin interface of the control process: its socket, and what is served there under the configuration in force."""

import logging
import socket

from starlette.types import ASGIApp, Receive, Scope, Send

from hotgate.config.addresses import Bind
from hotgate.config.admin import Admin
from hotgate.control.admin import admin_application
from hotgate.control.admin_server import AdminServer
from hotgate.control.admin_tokens import AdminTokens, NoToken
from hotgate.control.administration import Administration
from hotgate.runtime.folders.admin_token import AdminToken
from hotgate.runtime.sockets.listening_sockets import ADMIN, NamedSocket, shown_address

_log = logging.getLogger("hotgate.runtime")


class AdminInterface:
    """Call `configure` before `serve`. address: where it really listens."""

    def __init__(self, administration: Administration) -> None:
        self._administration = administration
        self._application: ASGIApp
        self._server: AdminServer | None = None
        self.address = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application: requests that come later than a `configure` see it."""
        await self._application(scope, receive, send)

    def configure(self, settings: Admin, token: AdminToken) -> None:
        """Let these tokens count from now on. token: the gateway's own, for when the file has none."""
        names = [settings.bind.host] if isinstance(settings.bind, Bind) else []
        tokens = AdminTokens(settings.named_tokens, token.read)
        self._application = admin_application(
            self._administration, tokens, names, open_metrics=settings.metrics == "open"
        )
        if not settings.named_tokens:
            _make(token)

    async def serve(self, listening: socket.socket) -> None:
        """Serve here from now on, and no longer where it was."""
        previous = self._server
        self._server = AdminServer(self, listening)
        self._server.start()
        self.address = shown_address(listening)
        if previous is not None:
            await previous.stop()

    def named_sockets(self) -> list[NamedSocket]:
        """The socket, as a successor is to know it."""
        return [] if self._server is None else [(ADMIN, self._server.listening)]

    async def stop(self) -> None:
        """Answer what was asked, then close."""
        if self._server is not None:
            await self._server.stop()


def _make(token: AdminToken) -> None:
    """At the first start, not at the first request: operators look for it then."""
    try:
        token.read()
    except NoToken as reason:
        _log.warning("the admin API lets nobody in: %s", reason)
