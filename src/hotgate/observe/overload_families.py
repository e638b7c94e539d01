"""Metric families of places for requests, and of workers that have too much to do. Labels come from the file."""

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from hotgate.observe.histogram import BOUNDS
from hotgate.observe.label import label

_LE = (*(str(bound) for bound in BOUNDS), "+Inf")


def overload_families(gauges: Mapping[str, Any], counters: Mapping[str, Any]) -> Iterator[Metric]:
    """Of all workers together. A worker of an older version knows of none of it."""
    yield from _place_gauges(gauges.get("places", {}))
    yield from _place_counters(counters.get("places", {}))
    overloaded = GaugeMetricFamily(
        "hotgate_overloaded_workers", "Workers that have too little of something.", labels=["of"]
    )
    for name in ("loop_lag", "memory", "open_files", "connections"):
        overloaded.add_metric([name], gauges.get("overloaded", {}).get(name, 0))
    shed = CounterMetricFamily(
        "hotgate_requests_shed", "Requests given up because a worker had too much to do.", labels=["priority"]
    )
    for priority, count in counters.get("shed", {}).items():
        shed.add_metric([priority], count)
    yield from (overloaded, shed)
    if lag := counters.get("loop_lag"):
        yield _histogram("hotgate_loop_lag_seconds", "Turns of workers' event loops; four a second are measured.", lag)


def _place_gauges(places: Mapping[str, Mapping[str, int]]) -> Iterator[Metric]:
    for kind, says in (
        ("limit", "Places for requests, over all workers; where callers have their own, of each of them."),
        ("in_use", "Places that are taken."),
        ("waiting", "Requests that wait for a place."),
    ):
        family = GaugeMetricFamily(f"hotgate_concurrency_{kind}", says, labels=["places"])
        for name, number in places.get(kind, {}).items():
            family.add_metric([label(name)], number)
        yield family


def _place_counters(places: Mapping[str, Mapping[str, Any]]) -> Iterator[Metric]:
    waited = CounterMetricFamily(
        "hotgate_concurrency_waited", "Requests that had to wait for a place.", labels=["places"]
    )
    refused = CounterMetricFamily(
        "hotgate_concurrency_refused", "Requests that got no place.", labels=["places", "reason"]
    )
    for name, count in places.get("waited", {}).items():
        waited.add_metric([label(name)], count)
    for name, reasons in places.get("refused", {}).items():
        for reason, count in reasons.items():
            refused.add_metric([label(name), reason], count)
    yield from (waited, refused)


def _histogram(name: str, says: str, values: Mapping[str, Any]) -> Metric:
    cumulative = accumulate(values["buckets"])
    family = HistogramMetricFamily(name, says)
    family.add_metric(
        [], [(le, float(count)) for le, count in zip(_LE, cumulative, strict=True)], sum_value=values["seconds"]
    )
    return family
