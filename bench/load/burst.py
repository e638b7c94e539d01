"""A crowd: `python -m bench.load.burst PORT [COUNT]` opens that many connections as fast as it can, a request on each.

They come from 127.0.0.2 and up. At the same time one client that has been there before asks on, and what it waited at
most is printed: a gateway that sheds politely keeps serving it, whatever becomes of the crowd.
"""

import asyncio
import multiprocessing
import resource
import socket
import sys
import time
from collections import Counter
from multiprocessing.connection import Connection

import uvloop

from bench.load.bulk import content_length, read_head
from bench.scenario import HOST, PATH

_REQUEST = f"GET {PATH} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
_PER_ADDRESS = 5000  # connections from one loopback address, well below its number of ephemeral ports
_AT_ONCE = 15_000  # open connections of the crowd, if this process may have so many
_PATIENCE = 30.0  # seconds
_PAUSE = 0.02


class Burst:
    """outcomes: how many connections ended in which way."""

    def __init__(self, port: int, count: int) -> None:
        self._port = port
        self._count = count
        self._room = asyncio.Semaphore(min(_AT_ONCE, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 256))
        self.outcomes: Counter[str] = Counter()

    async def run(self) -> None:
        """Until everybody has had a turn."""
        await asyncio.gather(*(self._come(f"127.0.0.{2 + index // _PER_ADDRESS}") for index in range(self._count)))

    async def _come(self, source: str) -> None:
        async with self._room:
            try:
                async with asyncio.timeout(_PATIENCE):
                    self.outcomes[await self._one_request(source)] += 1
            except (OSError, EOFError, TimeoutError) as error:
                self.outcomes[type(error).__name__] += 1

    async def _one_request(self, source: str) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, local_addr=(source, 0))
        try:
            writer.write(_REQUEST)
            return (await reader.readexactly(12)).decode("latin-1")
        finally:
            writer.transport.abort()


def witness(port: int, channel: Connection) -> None:
    """Asks on one connection until told to stop; then sends (answers, longest wait in seconds)."""
    answers, slowest = 0, 0.0
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE) as connection:
        while not channel.poll(_PAUSE):
            started = time.perf_counter()
            connection.sendall(_REQUEST)
            answer = read_head(connection)
            if left := content_length(answer) - len(answer.partition(b"\r\n\r\n")[2]):
                connection.recv(left, socket.MSG_WAITALL)
            slowest = max(slowest, time.perf_counter() - started)
            answers += 1
    channel.send((answers, slowest))


def main(port: int, count: int) -> None:
    """Print what came of it."""
    ours, theirs = multiprocessing.Pipe()
    other = multiprocessing.Process(target=witness, args=(port, theirs))
    other.start()
    time.sleep(10 * _PAUSE)
    burst, started = Burst(port, count), time.perf_counter()
    uvloop.run(burst.run())
    print(f"{count} connections in {time.perf_counter() - started:.1f} s: {dict(burst.outcomes)}")
    ours.send("stop")
    answers, slowest = ours.recv()
    other.join()
    print(f"the other client had {answers} answers and waited {slowest * 1000:.0f} ms at most")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100_000)
