"""Millions of requests of a client that is far above its limits, which two gateways share; not one too many may pass.

In the first third counters that began empty fill. The second shows how much of a limit can be used. In the last the
Valkey server that the gateways count in is killed and frozen in turn.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from statistics import linear_regression

from bench.endurance.counted_clients import CLOSED, Client, CountingBackend
from bench.endurance.limits_site import (
    BUCKET,
    CALM,
    HOT,
    NODES,
    RATE,
    SLIDING,
    WORKERS,
    LimitsSite,
    checks,
)
from bench.ports import Ports

_CONNECTIONS = 16  # of the hot client, to each node
_BATCH = 4
_PAUSE = 0.05  # seconds between two requests of the calm client, on each of its connections
_BETWEEN = 20.0  # seconds between two troubles
_AWAY = 4.0  # seconds that the Valkey server is away
_REPORT = 15.0
_LOOK = 0.1


class _Backend:
    """Judges what arrives. admitted: requests of the hot client by path."""

    def __init__(self) -> None:
        self.checks = {path: checks(path) for path in (BUCKET, SLIDING)}
        self.admitted: Counter[str] = Counter()
        self.total = 0

    def arrived(self, path: str, client: str, sent: float, arrived: float) -> None:
        self.total += 1
        self.admitted[path] += client == HOT
        for _, whose, check in self.checks[path]:
            if whose in ("", client):
                check.admitted(sent, arrived)

    def figures(self) -> Mapping[str, float]:
        """How full each limit was at most, and the requests above any."""
        full = {
            f"{path} {name}: most ÷ limit": check.fullest
            for path, judged in self.checks.items()
            for name, _, check in judged
        }
        above = sum(check.above for judged in self.checks.values() for *_, check in judged)
        return {"requests above a limit": above, **full}


class _Clients:
    """The hot and the calm one, who ask every node for both paths. answers: status → how often."""

    def __init__(self, site: LimitsSite) -> None:
        self.answers: dict[str, Counter[bytes]] = {HOT: Counter(), CALM: Counter()}
        paths = (BUCKET, SLIDING)
        self._all = [
            Client(port, HOT, paths, self.answers[HOT], _BATCH)
            for port in site.ports.values()
            for _ in range(_CONNECTIONS)
        ]
        self._all += [Client(port, CALM, paths, self.answers[CALM], pause=_PAUSE) for port in site.ports.values()]

    @property
    def asked(self) -> int:
        return sum(client.asked for client in self._all)

    async def start(self) -> None:
        await asyncio.gather(*(client.start() for client in self._all))

    def stop(self) -> None:
        for client in self._all:
            client.stop()


class _Quiet:
    """What clients get while nothing goes wrong: the hot one of its limits, and whether the calm one is served.

    The slope of what was admitted, not its difference: a window is used up in its beginning, so that the difference
    between two moments depends on where in a window each of them lies.
    """

    def __init__(self, backend: _Backend, calm: Counter[bytes]) -> None:
        self._backend = backend
        self._calm = calm
        self._times: list[float] = []
        self._admitted: list[Counter[str]] = []
        self._refused: list[int] = []

    def look(self) -> None:
        """Note how it stands."""
        self._times.append(time.monotonic())
        self._admitted.append(Counter(self._backend.admitted))
        self._refused.append(self._calm.total() - self._calm[b"200"])

    def figures(self) -> Mapping[str, float]:
        """Of what was noted."""
        used = {f"{path}: % of the limit that was used": 100 * self._rate(path) / RATE for path in (BUCKET, SLIDING)}
        return {**used, "refused of the calm client": self._refused[-1] - self._refused[0]}

    def _rate(self, path: str) -> float:
        return linear_regression(self._times, [admitted[path] for admitted in self._admitted]).slope


async def limits(requests: int, minutes: float) -> Mapping[str, float | str]:
    """What was admitted of so many requests; of fewer, if they take longer than so many minutes."""
    ports, backend = Ports(), _Backend()
    port = ports.next()
    loop = asyncio.get_running_loop()
    async with await loop.create_server(lambda: CountingBackend(backend.arrived), "127.0.0.1", port):
        with LimitsSite(ports, port) as site:
            return await _run(site, backend, requests, minutes)


async def _run(site: LimitsSite, backend: _Backend, requests: int, minutes: float) -> Mapping[str, float | str]:
    clients, started = _Clients(site), time.monotonic()
    hot, quiet = clients.answers[HOT], _Quiet(backend, clients.answers[CALM])
    beside = [asyncio.ensure_future(_watch(site, clients, backend))]
    await clients.start()
    async for third in _thirds(clients, requests, minutes):
        if third == 1:
            quiet.look()
        elif third == 2 and len(beside) == 1:
            beside.append(asyncio.ensure_future(_trouble(site)))
    clients.stop()
    for task in beside:
        task.cancel()
    for outcome in await asyncio.gather(*beside, return_exceptions=True):
        if not isinstance(outcome, asyncio.CancelledError):
            raise RuntimeError(f"it ended early: {outcome!r}")
    return {
        "nodes": len(NODES),
        "workers": len(NODES) * WORKERS,
        "requests": clients.asked,
        "requests per second": clients.asked / (time.monotonic() - started),
        "admitted": backend.total,
        "answers to the hot client": ", ".join(f"{count} {status.decode()}" for status, count in sorted(hot.items())),
        "unanswered": hot[CLOSED],
        **backend.figures(),
        **quiet.figures(),
        "memory MiB": site.memory() / 2**20,
    }


async def _thirds(clients: _Clients, requests: int, minutes: float) -> AsyncIterator[int]:
    """Ten times a second, which third of the run it is: 0, 1, 2."""
    started = time.monotonic()
    while (done := max(clients.asked / requests, (time.monotonic() - started) / (minutes * 60))) < 1:
        yield int(done * 3)
        await asyncio.sleep(_LOOK)


async def _trouble(site: LimitsSite) -> None:
    """Every other time the server forgets everything."""
    while True:
        await asyncio.to_thread(site.stop_valkey)
        await asyncio.sleep(_AWAY)
        await asyncio.to_thread(site.start_valkey)
        await asyncio.sleep(_BETWEEN)
        with site.frozen_valkey():
            await asyncio.sleep(_AWAY)
        await asyncio.sleep(_BETWEEN)


async def _watch(site: LimitsSite, clients: _Clients, backend: _Backend) -> None:
    started = time.monotonic()
    while True:
        await asyncio.sleep(_REPORT)
        print(
            f"{(time.monotonic() - started) / 60:6.1f} min  {clients.asked:>12,} asked  {backend.total:>10,} admitted  "
            f"{backend.figures()['requests above a limit']} above  {site.memory() / 2**20:.1f} MiB",
            flush=True,
        )
