"""`hotgate demo` from the first line to the exit status."""

import asyncio
import errno
import signal
import socket
import sys
import tempfile
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

from hotgate.demo.backends import backend
from hotgate.demo.credentials import new_credentials
from hotgate.demo.files import write_files
from hotgate.demo.gateway_process import GatewayProcess
from hotgate.demo.loopback_server import LoopbackServer
from hotgate.demo.provider import Provider
from hotgate.demo.screen import Screen


def run_demo(port: int, folder: Path | None) -> int:
    """Show the demo until Ctrl-C. Returns the exit status: 0 after Ctrl-C, 1 if the gateway did not start or died.

    port: of the gateway, 0 for a free one. folder: where its files go; None for one that is removed at the end.
    """
    if is_in_use(port):
        print(
            f"127.0.0.1:{port} is in use by another program. "
            'Take another port: hotgate demo --port 0, or make demo ARGS="--port 0"',
            file=sys.stderr,
        )
        return 1
    with ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hotgate-demo-")))
        try:
            return asyncio.run(_run(port, folder))
        except FileExistsError as error:
            print(f"{error.filename} is already there; choose another --folder", file=sys.stderr)
        except OSError as error:
            print(f"the demo cannot start: {error}", file=sys.stderr)
    return 1


def is_in_use(port: int) -> bool:
    """Whether another program listens there already. Any other obstacle is for the gateway to explain."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


async def _run(port: int, folder: Path) -> int:
    stop_requested = _stop_signals()
    provider = Provider()
    credentials = new_credentials(provider.tokens.opaque("bob"))
    async with AsyncExitStack() as stack:
        applications = (backend("orders"), backend("reports"), provider.application)
        servers = [await stack.enter_async_context(LoopbackServer(each)) for each in applications]
        configuration = write_files(folder, port, [each.url for each in servers], credentials, provider.secret)
        screen = Screen(configuration, credentials, servers[-1].url)
        gateway = GatewayProcess(screen.show_request, screen.show_message)
        stack.push_async_callback(gateway.stop)
        await gateway.start(configuration)
        return await _status(stop_requested, gateway)


def _stop_signals() -> asyncio.Event:
    """An event that is set by Ctrl-C, and when the terminal is closed."""
    requested = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, requested.set)
    return requested


async def _status(stop_requested: asyncio.Event, gateway: GatewayProcess) -> int:
    stopped = asyncio.create_task(stop_requested.wait())
    ended = asyncio.create_task(gateway.ended())
    await asyncio.wait([stopped, ended], return_when=asyncio.FIRST_COMPLETED)
    for task in (stopped, ended):
        task.cancel()
    return 0 if stop_requested.is_set() else 1
