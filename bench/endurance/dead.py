"""One of three backends dies under load: what its absence costs once a second has passed."""

import asyncio
from collections.abc import Mapping

from bench.cores import Cores
from bench.endurance.site import Site
from bench.load.steady import SteadyLoad

_RATE = 4000.0  # requests per second
_SECONDS = 15.0


async def dead(cores: Cores) -> Mapping[str, float | str]:
    """The share of requests that failed, in the first second and after it."""
    with Site(cores) as site:
        load = SteadyLoad(site.port, _RATE, 64)
        running = asyncio.ensure_future(load.run(_SECONDS))
        await asyncio.sleep(3)
        before = sum(load.failures.values())
        await asyncio.to_thread(site.stop_backend, 1)
        await asyncio.sleep(1)
        answered, first = load.answered, sum(load.failures.values()) - before
        await running
        later = sum(load.failures.values()) - first - before
        return {
            "failed before": before,
            "failed in the first second": first,
            "failed later": later,
            "% failed later": 100 * later / (load.answered - answered),
            "failures": ", ".join(f"{count} {kind}" for kind, count in load.failures.items()) or "none",
        }
