"""slowhttptest in its three modes, with masses of slow clients, while others are served."""

import asyncio
import contextlib
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bench.cores import Cores, pinned
from bench.endurance.site import Site
from bench.load.steady import SteadyLoad
from bench.scenario import PATH

_RATE = 2000.0  # requests per second of the clients that behave
_CONNECTIONS = 1000
_SECONDS = 20
_MODES = {
    "slow heads": ["-H", "-i", "5"],
    "slow bodies": ["-B", "-i", "5", "-s", "8192"],
    "slow reads": ["-X", "-n", "5", "-w", "1", "-y", "8", "-z", "4", "-k", "3"],
}


async def slow(cores: Cores) -> Mapping[str, float | str]:
    """p99 of other clients, alone and in each mode, and their failed requests."""
    figures: dict[str, float | str] = {}
    with Site(cores) as site, tempfile.TemporaryDirectory() as folder:
        alone = await _others(site)
        figures["alone: p99 µs"] = alone.latencies.quantile(0.99) * 1e6
        for mode, options in _MODES.items():
            command = _command(site.port, options, Path(folder) / "report")
            attack = asyncio.ensure_future(_attack(pinned(cores.load, command)))
            others = await _others(site)
            attack.cancel()
            await asyncio.gather(attack, return_exceptions=True)
            figures[f"{mode}: p99 µs"] = others.latencies.quantile(0.99) * 1e6
            figures[f"{mode}: p99 ÷ alone"] = others.latencies.quantile(0.99) / alone.latencies.quantile(0.99)
            figures[f"{mode}: failed of {others.answered}"] = sum(others.failures.values())
    return figures


async def _attack(command: list[str]) -> None:
    """Attack until cancelled; slowhttptest ends by itself once the server has shaken off all of its clients."""
    quiet = asyncio.subprocess.DEVNULL
    while True:
        attacker = await asyncio.create_subprocess_exec(*command, stdin=quiet, stdout=quiet, stderr=quiet)
        try:
            await attacker.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):  # it has ended by itself
                attacker.terminate()
                await attacker.wait()


async def _others(site: Site) -> SteadyLoad:
    load = SteadyLoad(site.port, _RATE, 16)
    await load.run(_SECONDS)
    return load


def _command(port: int, options: list[str], report: Path) -> list[str]:
    url = f"http://127.0.0.1:{port}{PATH}"
    shape = ["-c", str(_CONNECTIONS), "-r", "500", "-l", str(_SECONDS + 5), "-p", "3", "-o", str(report)]
    return ["slowhttptest", *options, *shape, "-u", url]
