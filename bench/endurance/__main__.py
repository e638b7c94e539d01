"""`python -m bench.endurance soak|slow|dead|limits`: install what is missing, run, print, keep the figures as JSON."""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import uvloop

from bench import install
from bench.cores import TooFewCoresError, choose_cores, pin_this_process
from bench.endurance.dead import dead
from bench.endurance.limits import limits
from bench.endurance.slow import slow
from bench.endurance.soak import soak
from bench.machine import allow_open_files, machine

_ROOT = Path(__file__).parents[2]
_PUBLISHED = _ROOT / "docs" / "endurance.json"
_LAST = _ROOT / ".bench" / "endurance.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when figures were taken (whatever they are), 1 when that was not possible."""
    parser = argparse.ArgumentParser(prog="python -m bench.endurance", description="What Hotgate holds out.")
    parser.add_argument("what", choices=("soak", "slow", "dead", "limits"))
    parser.add_argument("--minutes", type=float, default=60.0, help="length of the soak, most of limits (default 60)")
    parser.add_argument("--requests", type=int, default=10_000_000, help="of limits (default 10,000,000)")
    parser.add_argument("--write-docs", action="store_true", help="keep the figures for docs/benchmarks.md")
    found = parser.parse_args(arguments)
    try:
        install.provide()
        cores = choose_cores()
    except (install.MissingProgramError, TooFewCoresError) as error:
        print(error, file=sys.stderr)
        return 1
    allow_open_files(65_536)
    work = {
        "soak": lambda: soak(cores, found.minutes),
        "slow": lambda: slow(cores),
        "dead": lambda: dead(cores),
        "limits": lambda: limits(found.requests, found.minutes),
    }
    if found.what != "limits":  # which measures no time: it has all cores for its nine processes
        pin_this_process(cores.load)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(work[found.what]())
    for name, figure in figures.items():
        print(f"{name:>28}: {figure:,.6g}" if isinstance(figure, float) else f"{name:>28}: {figure}")
    _keep(_PUBLISHED if found.write_docs else _LAST, found.what, {"date": machine()["date"], **figures})
    return 0


def _keep(file: Path, what: str, figures: Mapping[str, float | str]) -> None:
    """Beside the latest figures of the other kinds."""
    kept = json.loads(file.read_text()) if file.exists() else {}
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({**kept, what: figures}, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
