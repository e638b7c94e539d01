"""Clients that send one request after the other, on connections that they keep, and remember what went wrong."""

import http.client
import ssl
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from integration.customer import Answer, Customer

PACE = 0.002  # seconds between requests: at full speed, clients take the processors from the processes that they test


class KeptAlive(threading.Thread):
    """statuses: how often each came. failures: what else happened. last: the latest answer."""

    def __init__(self, port: int, paths: Sequence[str], tls: ssl.SSLContext | None = None) -> None:
        super().__init__()
        self._port = port
        self._tls = tls
        self._paths = paths
        self._stop_wanted = threading.Event()
        self.statuses: Counter[int] = Counter()
        self.failures: list[str] = []
        self.last: Answer | None = None

    def run(self) -> None:
        """Send until stopped. A connection that the gateway said it would close is opened again."""
        customer = Customer(self._port, tls=self._tls)
        while not self._stop_wanted.wait(PACE):
            for path in self._paths:
                try:
                    self.last = customer.ask(path)
                    self.statuses[self.last.status] += 1
                except (OSError, http.client.HTTPException) as error:
                    self.failures.append(repr(error))
                    customer.close()
        customer.close()

    def stop(self) -> None:
        """Finish the request that is under way, and end."""
        self._stop_wanted.set()
        self.join()


@contextmanager
def kept_alive(
    port: int, paths: Sequence[str], clients: int = 4, tls: ssl.SSLContext | None = None
) -> Iterator[list[KeptAlive]]:
    """So many clients at work during a block; they have stopped after it."""
    made = [KeptAlive(port, paths, tls) for _ in range(clients)]
    for client in made:
        client.start()
    try:
        yield made
    finally:
        for client in made:
            client.stop()
