import json

from hotgate.observe.metrics import WorkerMetrics


def test_recorders_survive_a_reload_under_their_name() -> None:
    metrics = WorkerMetrics()
    recorder = metrics.route("orders", "backend")
    assert metrics.route("orders", "other-backend") is recorder
    assert recorder.upstream == "other-backend"
    assert metrics.upstream("backend") is metrics.upstream("backend")


def test_a_snapshot_is_json() -> None:
    metrics = WorkerMetrics()
    metrics.route("").record(404, 0.0001, 0, 100)
    metrics.upstream("backend").attempt(0.1)
    metrics.connections_open = 3
    snapshot = metrics.snapshot()
    assert json.loads(json.dumps(snapshot)) == snapshot
    assert snapshot["routes"][0]["route"] == ""
    assert snapshot["gauges"] == {
        "connections_open": 3,
        "exchanges_active": 0,
        "ejected": {},
        "panics": {},
        "overloaded": {},
        "places": {"limit": {}, "in_use": {}, "waiting": {}},
    }


def test_changes_hold_only_what_changed() -> None:
    metrics = WorkerMetrics()
    metrics.route("quiet")
    metrics.route("busy").record(200, 0.1, 0, 0)
    assert [values["route"] for values in metrics.changes()["routes"]] == ["busy"]
    assert metrics.changes()["routes"] == []
    metrics.route("busy").refused("forbidden")
    assert [values["route"] for values in metrics.changes()["routes"]] == ["busy"]


def test_large_changes_come_in_turns_and_nobody_is_left_out() -> None:
    metrics = WorkerMetrics()
    names = [f"route-{number}" for number in range(10)]
    seen: set[str] = set()
    for _ in range(4):
        for name in names:  # all of them change all the time
            metrics.route(name).record(200, 0.1, 0, 0)
        reported = [values["route"] for values in metrics.changes(most=3)["routes"]]
        assert len(reported) <= 3
        seen.update(reported)
    assert seen == set(names)


def test_a_new_control_process_gets_everything_again() -> None:
    metrics = WorkerMetrics()
    metrics.route("orders").record(200, 0.1, 0, 0)
    metrics.changes()
    metrics.forget_reports()
    assert len(metrics.changes()["routes"]) == 1


def test_routes_that_are_gone_are_forgotten() -> None:
    metrics = WorkerMetrics()
    for number in range(1000):
        metrics.route(f"route-{number}").record(200, 0.1, 0, 0)
        metrics.upstream(f"upstream-{number}")
        metrics.retain([f"route-{number}"], {f"upstream-{number}": []})
    snapshot = metrics.snapshot()
    assert [values["route"] for values in snapshot["routes"]] == ["route-999"]
    assert [values["upstream"] for values in snapshot["upstreams"]] == ["upstream-999"]


def test_targets_that_are_gone_are_forgotten() -> None:
    metrics = WorkerMetrics()
    for number in range(1000):
        metrics.upstream("api").ejected(f"http://10.0.0.{number}")
        metrics.retain([], {"api": [f"http://10.0.0.{number}"]})
    assert metrics.snapshot()["upstreams"][0]["ejections"] == {"http://10.0.0.999": 1}
