"""`@scenario` turns a script of bytes into a test: a backend, a gateway before it and clients, on one event loop."""

import asyncio
import functools
import inspect
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import uvloop

from hotgate.pipeline.policy import UserPolicy
from wire.backend import Backend
from wire.gateway import Gateway, declared
from wire.message import Message
from wire.peer import PATIENCE, Peer, turns
from wire.tls_peer import TlsPeer, TlsStream, client_context

Script = Callable[..., Awaitable[None]]
Configuration = Callable[[Sequence[int]], dict[str, Any]]
"""Of the gateway, from the ports of its backends."""


class Wire:
    """What a script plays with: `gateway`, `backends` (`backend` is the first), and clients that `connect` makes."""

    def __init__(self, backends: Sequence[Backend], gateway: Gateway) -> None:
        self.backends = backends
        self.backend = backends[0]
        self.gateway = gateway
        self.clients: list[Peer] = []

    async def connect(self, *, receive_buffer: int = 0) -> Peer:
        """A new client, which speaks what the listener speaks.

        receive_buffer: bytes that its kernel takes while it does not read; 0 is the default.
        """
        if self.gateway.speaks_tls:
            return await self.connect_tls(receive_buffer=receive_buffer)
        return await self.connect_plain(receive_buffer=receive_buffer)

    async def connect_tls(
        self,
        name: str | None = "a.example",
        *,
        context: ssl.SSLContext | None = None,
        session: ssl.SSLSession | None = None,
        receive_buffer: int = 0,
    ) -> TlsPeer:
        """A new client that asks for this name. Raises ssl.SSLError if it is refused."""
        streams = await self._streams(receive_buffer)
        stream = TlsStream(*streams, context or client_context(), name, session)
        client = TlsPeer(stream)
        self.clients.append(client)
        async with asyncio.timeout(PATIENCE):
            await stream.shake_hands()
        return client

    async def connect_plain(self, *, receive_buffer: int = 0) -> Peer:
        """A new client without TLS, whatever the listener speaks."""
        client = Peer(*await self._streams(receive_buffer))
        self.clients.append(client)
        return client

    async def _streams(self, receive_buffer: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        connecting = socket.socket()
        connecting.setblocking(False)
        if receive_buffer:
            connecting.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        await asyncio.get_running_loop().sock_connect(connecting, ("127.0.0.1", self.gateway.port))
        return await asyncio.open_connection(sock=connecting)

    async def send(self, *pieces: bytes) -> Peer:
        """A new client that sends something."""
        client = await self.connect()
        client.send(*pieces)
        return client

    async def exchange(self, request: bytes, answer: bytes) -> tuple[Message, Message]:
        """(what the backend got, what the client got) for a request on connections of its own."""
        client = await self.send(request)
        backend = await self.backend.accept()
        received = await backend.message()
        backend.send(answer)
        return received, await client.message()

    async def until_connected(self, count: int) -> None:
        """Wait until so many clients are connected."""
        async with asyncio.timeout(PATIENCE):
            while self.gateway.connections != count:
                await turns(1)

    @property
    def upstream_metrics(self) -> dict[str, Any]:
        """What has been counted about the upstream."""
        (values,) = self.gateway.plane.metrics_snapshot()["upstreams"]
        return dict(values)

    @property
    def last_record(self) -> dict[str, Any]:
        """The last line of the access log."""
        return self.gateway.records.lines[-1]


def scenario(
    *,
    route: Mapping[str, Any] | None = None,
    routes: Sequence[Mapping[str, Any]] | None = None,
    upstream: Mapping[str, Any] | None = None,
    listener: Mapping[str, Any] | None = None,
    limits: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
    policies: Sequence[UserPolicy] = (),
    backends: int = 1,
    others: Mapping[str, Mapping[str, Any]] | None = None,
) -> Callable[[Script], Callable[..., None]]:
    """Run the decorated coroutine function with a `Wire` before its other arguments.

    route: keys added to the one public route `/*`. routes: instead of it. The others add keys to the upstream, the
    listener, `limits` and the file. policies: of the one route. backends: how many targets the upstream has. others:
    further upstreams and their keys, each with one target: the backends behind those. The test fails if a callback
    raises.
    """
    further = others or {}

    def configuration(ports: Sequence[int]) -> dict[str, Any]:
        only = {"name": "all", "match": {"path": "/*"}, "upstream": "api", "public": True, **(route or {})}
        if policies:
            only["policies"] = declared(policies)
        targets = [f"http://127.0.0.1:{port}" for port in ports]
        of_others = dict(zip(further, targets[backends:], strict=True))
        return {
            "listeners": [{"name": "web", "bind": "127.0.0.1:0", **(listener or {})}],
            "upstreams": {
                "api": {"targets": targets[:backends], **(upstream or {})},
                **{name: {"targets": [target], **further[name]} for name, target in of_others.items()},
            },
            "routes": list(routes) if routes is not None else [only],
            "limits": dict(limits or {}),
            **(settings or {}),
        }

    return functools.partial(_test_of, configuration=configuration, count=backends + len(further))


def _test_of(script: Script, configuration: Configuration, count: int) -> Callable[..., None]:
    """What pytest calls, with the arguments behind the first."""

    @functools.wraps(script)
    def test(*args: Any, **kwargs: Any) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_played(lambda wire: script(wire, *args, **kwargs), configuration, count))

    signature = inspect.signature(script)
    test.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])  # type: ignore[attr-defined]
    del test.__wrapped__
    return test


async def _played(script: Script, configuration: Configuration, count: int) -> None:
    errors: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: errors.append(context))
    backends = [Backend() for _ in range(count)]
    for backend in backends:
        await backend.start()
    gateway = Gateway(configuration([backend.port for backend in backends]))
    await gateway.start()
    wire = Wire(backends, gateway)
    try:
        await script(wire)
    finally:
        for client in wire.clients:
            client.reset()
        await gateway.stop()
        for backend in backends:
            backend.stop()
        for upstream in gateway.compiled.upstreams.values():
            upstream.close()
        await turns(20)  # closing the event loop is not safe while transports are still being closed
    assert not errors, errors
