from hotgate.observe.fleet import Fleet, merge
from hotgate.observe.metrics import Snapshot, WorkerMetrics


def worker(requests: int, *, open_connections: int = 0, route: str = "orders") -> WorkerMetrics:
    metrics = WorkerMetrics()
    for _ in range(requests):
        metrics.route(route).record(200, 0.01, 1, 2)
    metrics.upstream("backend").reuses = requests
    metrics.connections = requests
    metrics.connections_open = open_connections
    metrics.handshakes.done["TLSv1.3 full"] = requests
    return metrics


def requests_in(snapshot: Snapshot) -> int:
    return sum(sum(values["statuses"].values()) for values in snapshot["routes"])


def test_workers_are_summed() -> None:
    total = merge([worker(2, open_connections=1).snapshot(), worker(3, open_connections=4).snapshot()])
    (route,) = total["routes"]
    assert route["statuses"] == {"200": 5}
    assert sum(route["buckets"]) == 5
    assert (route["request_bytes"], route["response_bytes"]) == (5, 10)
    assert total["upstreams"][0]["reuses"] == 5
    assert total["gauges"]["connections_open"] == 5
    assert total["counters"]["connections"] == 5
    assert total["counters"]["handshakes"] == {"TLSv1.3 full": 5}


def test_summing_changes_no_snapshot() -> None:
    first, second = worker(1).snapshot(), worker(1).snapshot()
    merge([first, second])
    assert requests_in(first) == requests_in(second) == 1


def test_a_dead_worker_takes_no_counts_with_it_but_its_gauges() -> None:
    fleet = Fleet()
    fleet.update("1", worker(5, open_connections=7).snapshot())
    fleet.retire("1")
    fleet.retire("1")
    assert requests_in(fleet.total()) == 5
    assert fleet.total()["gauges"].get("connections_open", 0) == 0
    fleet.update("2", worker(1, open_connections=1).snapshot())
    assert requests_in(fleet.total()) == 6
    assert fleet.total()["gauges"]["connections_open"] == 1


def test_counts_never_go_down_over_many_deaths() -> None:
    fleet = Fleet()
    last = 0
    for number in range(20):
        fleet.update(str(number), worker(number).snapshot())
        assert requests_in(fleet.total()) >= last
        last = requests_in(fleet.total())
        fleet.retire(str(number))
        assert requests_in(fleet.total()) == last
    assert last == sum(range(20))


def test_changes_replace_only_what_they_name() -> None:
    fleet = Fleet()
    metrics = worker(1)
    metrics.route("other").record(200, 0.1, 0, 0)
    fleet.update("1", metrics.changes())
    metrics.route("orders").record(500, 0.1, 0, 0)
    fleet.update("1", metrics.changes())
    assert requests_in(fleet.total()) == 3


def test_routes_that_are_gone_are_forgotten_in_the_sum_of_the_dead_too() -> None:
    fleet = Fleet()
    fleet.update("1", worker(1, route="old").snapshot())
    fleet.retire("1")
    fleet.update("2", worker(1, route="new").snapshot())
    fleet.retain(["new"], {})
    assert [values["route"] for values in fleet.total()["routes"]] == ["new"]
    assert fleet.total()["upstreams"] == []


def test_what_is_out_of_service_is_summed_over_the_workers_that_live() -> None:
    fleet = Fleet()
    for name in ("0", "1", "2"):
        metrics = WorkerMetrics()
        metrics.ejected = {"api": {"http://a": 1}}
        fleet.update(name, metrics.snapshot())
    fleet.retire("2")
    assert fleet.total()["gauges"]["ejected"] == {"api": {"http://a": 2}}
    assert fleet.total()["gauges"]["ejected"] == {"api": {"http://a": 2}}  # asking changes nothing


def test_targets_that_are_gone_are_forgotten() -> None:
    fleet = Fleet()
    for name in ("1", "2"):
        metrics = WorkerMetrics()
        for target in ("http://old", "http://new"):
            metrics.upstream("api").ejected(target)
        fleet.update(name, metrics.snapshot())
    fleet.retire("1")
    fleet.retain([], {"api": ["http://new"]})
    assert fleet.total()["upstreams"][0]["ejections"] == {"http://new": 2}
