"""Releases, copies of requests and versions of APIs on the Prometheus page."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from hotgate.observe.families import add_durations
from hotgate.observe.metrics import Snapshot

_SIDE = ("route", "upstream")


def release_families(
    total: Snapshot, releases: Sequence[Mapping[str, Any]], returns: Mapping[str, int]
) -> Iterator[Metric]:
    """releases: as `ReleaseDesk.state`. returns: how often a side was taken out, by its name."""
    yield from _side_families(total["sides"])
    shares = GaugeMetricFamily("hotgate_release_share", "Share of a route's requests: 0 to 1.", labels=_SIDE)
    closed = GaugeMetricFamily(
        "hotgate_release_closed", "Whether an upstream gets nothing at all any more: 1 or 0.", labels=_SIDE
    )
    for release in releases:
        for side in release["sides"]:
            shares.add_metric([release["route"], side["upstream"]], side["percent"] / 100)
            closed.add_metric([release["route"], side["upstream"]], side["closed"])
    taken_out = CounterMetricFamily(
        "hotgate_release_returns", "How often an upstream was taken out because it did badly.", labels=_SIDE
    )
    for name, count in returns.items():
        taken_out.add_metric(name.split("/"), count)
    yield from (shares, closed, taken_out)
    yield from _counted(total["counters"])


def _side_families(sides: Sequence[Mapping[str, Any]]) -> Iterator[Metric]:
    duration = HistogramMetricFamily(
        "hotgate_release_duration_seconds", "From the choice of an upstream to the head of the answer.", labels=_SIDE
    )
    errors = CounterMetricFamily("hotgate_release_errors", "Answers that were failures (5xx).", labels=_SIDE)
    fallbacks = CounterMetricFamily(
        "hotgate_release_fallbacks",
        "Requests that the route's own upstream got as this one is down.",
        labels=_SIDE,
    )
    for values in sides:
        names = values["side"].split("/")
        add_durations(duration, names, dict(values))
        errors.add_metric(names, values["errors"])
        fallbacks.add_metric(names, values["fallbacks"])
    yield from (duration, errors, fallbacks)


def _counted(counters: Mapping[str, Any]) -> Iterator[Metric]:
    mirrored = CounterMetricFamily("hotgate_mirrored", "Copies of requests by result.", labels=["route", "result"])
    versions = CounterMetricFamily(
        "hotgate_version_requests", "Requests for a version of an API.", labels=["api", "version"]
    )
    for family, name in ((mirrored, "mirrored"), (versions, "versions")):
        for labels, count in counters.get(name, {}).items():
            family.add_metric(labels.split(" "), count)
    yield from (mirrored, versions)
