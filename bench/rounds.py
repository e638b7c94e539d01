"""Alternating rounds: every server is measured in every round, and each round starts with another one.

What else the machine does then falls on all of them alike, and shows as spread instead of as a difference.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.load.wrk import BadRunError
from bench.program import NotReadyError
from bench.results import Results


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing to measure: `measure` returns metric name → value. rounds: at most so many (memory hardly varies)."""

    case: str
    server: str
    measure: Callable[[], Mapping[str, float]]
    rounds: int = 1_000_000


def rotations(items: Sequence[Probe], rounds: int) -> Iterator[tuple[int, list[Probe]]]:
    """(round, its order) for each round: the same items, begun one further each time."""
    for number in range(rounds):
        start = number % len(items) if items else 0
        yield number, [*items[start:], *items[:start]]


def take(probes: Sequence[Probe], rounds: int, deadline: float, results: Results) -> None:
    """Run the rounds. A probe that fails is noted and tried again in the next; no probe starts after `deadline`.

    `deadline` is on time.monotonic().
    """
    for number, order in rotations(probes, rounds):
        for probe in order:
            if number >= probe.rounds:
                continue
            if time.monotonic() > deadline:
                results.note(f"the time was up in round {number + 1}, before {probe.case} of {probe.server}")
                return
            _measure(probe, number, results)


def _measure(probe: Probe, number: int, results: Results) -> None:
    try:
        values = probe.measure()
    except (BadRunError, NotReadyError, OSError) as error:
        results.note(f"{probe.case} of {probe.server}, round {number + 1}: {error}")
        return
    for metric, value in values.items():
        results.add(probe.case, probe.server, metric, value)
    shown = ", ".join(f"{metric} {value:,.6g}" for metric, value in values.items())
    print(f"round {number + 1}: {probe.case:>9} {probe.server:<14} {shown}", flush=True)
