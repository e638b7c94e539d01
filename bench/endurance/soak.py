"""Half of what the gateway can do, for as long as you like, while backends restart, files change and clients vanish."""

import asyncio
import time
from collections.abc import Mapping

from bench.cores import Cores
from bench.endurance.rude_clients import vanish
from bench.endurance.site import Site
from bench.load.steady import SteadyLoad
from bench.load.wrk import Load, run
from bench.scenario import HOST, PATH

_CONNECTIONS = 64
_SETTLED = 300.0  # seconds until memory is compared with; less in a run that is shorter than twice as long
_RELOAD = 10.0  # seconds between two reloads
_RESTART = 15.0  # seconds between two deaths of a backend
_DEAD = 3.0  # seconds that it stays away
_VANISH = 0.05  # seconds between two clients that vanish
_REPORT = 60.0


async def soak(cores: Cores, minutes: float) -> Mapping[str, float | str]:
    """What became of the requests, and of the memory."""
    with Site(cores) as site:
        load = Load(f"http://127.0.0.1:{site.port}{PATH}", _CONNECTIONS, 5, (f"Host: {HOST}",))
        most = run(load, cores.load).rate
        steady = SteadyLoad(site.port, most / 2, _CONNECTIONS)
        memory: list[tuple[float, float]] = []
        trouble = [
            asyncio.ensure_future(work)
            for work in (_reloads(site), _restarts(site), vanish(site.port, _VANISH), _watch(site, steady, memory))
        ]
        await steady.run(minutes * 60)
        for task in trouble:
            task.cancel()
        for outcome in await asyncio.gather(*trouble, return_exceptions=True):
            if not isinstance(outcome, asyncio.CancelledError):
                raise RuntimeError(f"the trouble ended early: {outcome!r}")
        return _figures(steady, memory, most, minutes)


def _figures(
    steady: SteadyLoad, memory: list[tuple[float, float]], most: float, minutes: float
) -> Mapping[str, float | str]:
    settled = min(_SETTLED, minutes * 30)
    start = memory[0][0]
    base = next(size for at, size in memory if at - start >= settled)
    last = max(size for _, size in memory[-5:])
    p50, p99 = steady.latencies.quantile(0.5), steady.latencies.quantile(0.99)
    return {
        "minutes": minutes,
        "requests": steady.answered,
        "requests per second": most / 2,
        "failed": sum(steady.failures.values()),
        "failures": ", ".join(f"{count} {kind}" for kind, count in steady.failures.items()) or "none",
        "p50 µs": p50 * 1e6,
        "p99 µs": p99 * 1e6,
        "p99 ÷ p50": p99 / p50,
        "p99.9 µs": steady.latencies.quantile(0.999) * 1e6,
        "memory settled MiB": base / 2**20,
        "memory last MiB": last / 2**20,
        "memory growth %": (last / base - 1) * 100,
    }


async def _reloads(site: Site) -> None:
    number = 0
    while True:
        await asyncio.sleep(_RELOAD)
        number += 1
        site.reconfigure(number)


async def _restarts(site: Site) -> None:
    index = 0
    while True:
        await asyncio.sleep(_RESTART)
        await asyncio.to_thread(site.stop_backend, index)
        await asyncio.sleep(_DEAD)
        await asyncio.to_thread(site.start_backend, index)
        index = (index + 1) % 3


async def _watch(site: Site, steady: SteadyLoad, memory: list[tuple[float, float]]) -> None:
    started = time.monotonic()
    shown = 0.0
    while True:
        now = time.monotonic()
        memory.append((now, site.memory()))
        if now - started >= shown:
            shown += _REPORT
            print(
                f"{(now - started) / 60:6.1f} min  {steady.answered:>12,} answered  {dict(steady.failures)}  "
                f"p99 {steady.latencies.quantile(0.99) * 1e6:,.0f} µs  {memory[-1][1] / 2**20:.1f} MiB",
                flush=True,
            )
        await asyncio.sleep(5)
