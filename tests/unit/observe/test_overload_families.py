"""What a scrape tells of places and of workers that have too much to do."""

from hotgate.observe.metrics import WorkerMetrics
from hotgate.observe.overload_families import overload_families


def samples(metrics: WorkerMetrics) -> dict[str, float]:
    snapshot = metrics.snapshot()
    return {
        f"{sample.name}{sorted(sample.labels.values())}": sample.value
        for family in overload_families(snapshot["gauges"], snapshot["counters"])
        for sample in family.samples
    }


def test_places() -> None:
    metrics = WorkerMetrics()
    name = "upstreams/api"
    metrics.places = {
        "limit": {name: 10},
        "in_use": {name: 7},
        "waiting": {name: 2},
        "waited": {name: 5},
        "refused": {name: {"expired": 3}},
    }
    found = samples(metrics)
    assert found[f"hotgate_concurrency_limit['{name}']"] == 10
    assert found[f"hotgate_concurrency_in_use['{name}']"] == 7
    assert found[f"hotgate_concurrency_waiting['{name}']"] == 2
    assert found[f"hotgate_concurrency_waited_total['{name}']"] == 5
    assert found[f"hotgate_concurrency_refused_total['expired', '{name}']"] == 3


def test_overload() -> None:
    metrics = WorkerMetrics()
    metrics.overloaded = {"loop_lag": 1}
    metrics.shed = {"low": 4}
    metrics.loop_lag.observe(0.3)
    found = samples(metrics)
    assert found["hotgate_overloaded_workers['loop_lag']"] == 1
    assert found["hotgate_overloaded_workers['memory']"] == 0
    assert found["hotgate_requests_shed_total['low']"] == 4
    assert found["hotgate_loop_lag_seconds_bucket['0.25']"] == 0
    assert found["hotgate_loop_lag_seconds_bucket['0.5']"] == 1
    assert found["hotgate_loop_lag_seconds_sum[]"] == 0.3


def test_a_worker_of_an_older_version_knows_of_none_of_it() -> None:
    names = [family.name for family in overload_families({}, {})]
    assert "hotgate_loop_lag_seconds" not in names
