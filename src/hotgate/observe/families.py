"""How what recorders have counted becomes samples of a metric family."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

from hotgate.observe.histogram import BOUNDS

_LE = (*(str(bound) for bound in BOUNDS), "+Inf")


def add_counts(family: CounterMetricFamily, owner: str, counts: dict[str, int]) -> None:
    """One sample for each name. owner: the label before it."""
    for name, count in counts.items():
        family.add_metric([owner, name], count)


def add_durations(family: HistogramMetricFamily, owner: str | Sequence[str], values: dict[str, Any]) -> None:
    """What `Histogram.values` has. owner: the label, or labels."""
    cumulative = accumulate(values["buckets"])
    family.add_metric(
        [owner] if isinstance(owner, str) else owner,
        [(le, float(count)) for le, count in zip(_LE, cumulative, strict=True)],
        values["seconds"],
    )
