"""The samples of a run, and their form on disk (docs/benchmarks.json)."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

Samples = dict[str, dict[str, dict[str, list[float]]]]


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle value of some samples, and their extremes."""

    median: float
    low: float
    high: float


@dataclass
class Results:
    """samples: case → server → metric → one value per round. about: machine, versions and settings, as text.

    enforced: server → what was checked before the secured case. notes: everything that did not go as planned.
    """

    about: dict[str, dict[str, str]] = field(default_factory=dict)
    enforced: dict[str, list[str]] = field(default_factory=dict)
    samples: Samples = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, case: str, server: str, metric: str, value: float) -> None:
        """Keep one more sample."""
        self.samples.setdefault(case, {}).setdefault(server, {}).setdefault(metric, []).append(value)

    def note(self, text: str) -> None:
        """Say what went wrong: all of it on the terminal now, its first line on the page later."""
        print(f"! {text}", flush=True)
        self.notes.append(text.partition("\n")[0])

    def spread(self, case: str, server: str, metric: str) -> Spread | None:
        """None when nothing was measured."""
        values = self.samples.get(case, {}).get(server, {}).get(metric, [])
        return Spread(median(values), min(values), max(values)) if values else None

    def middle(self, case: str, server: str, metric: str) -> float | None:
        """The median alone."""
        spread = self.spread(case, server, metric)
        return spread.median if spread else None

    def servers(self, case: str) -> list[str]:
        """Those measured in a case, in the order in which they were first measured."""
        return list(self.samples.get(case, {}))

    def save(self, path: Path) -> None:
        """Write JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")


def load(path: Path) -> Results:
    """Read what `save` wrote."""
    return Results(**json.loads(path.read_text()))
