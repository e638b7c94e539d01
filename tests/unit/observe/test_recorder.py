from hotgate.observe.histogram import BOUNDS, Histogram
from hotgate.observe.recorder import MAX_CODES, MAX_STATUSES, RouteRecorder, UpstreamRecorder


def test_a_duration_on_a_bound_belongs_to_its_bucket() -> None:
    histogram = Histogram()
    for seconds in (0.0, BOUNDS[0], BOUNDS[0] * 1.001, BOUNDS[-1], BOUNDS[-1] + 1):
        histogram.observe(seconds)
    assert histogram.counts[0] == 2
    assert histogram.counts[1] == 1
    assert histogram.counts[-2:] == [1, 1]
    assert sum(histogram.counts) == 5


def test_records_add_up() -> None:
    recorder = RouteRecorder("orders", "backend")
    recorder.record(200, 0.002, 10, 137)
    recorder.record(200, 0.003, 5, 137)
    recorder.record(503, 1.5, 0, 20)
    values = recorder.values()
    assert values["statuses"] == {"200": 2, "503": 1}
    assert (values["request_bytes"], values["response_bytes"]) == (15, 294)
    assert values["seconds"] == 1.505
    assert recorder.total() == 3


def test_a_backend_with_odd_statuses_cannot_grow_the_metrics() -> None:
    recorder = RouteRecorder("orders")
    for status in range(100, 1000):
        recorder.record(status, 0.001, 0, 0)
    statuses = recorder.values()["statuses"]
    assert len(statuses) == MAX_STATUSES + 1
    assert sum(statuses.values()) == 900
    assert statuses["other"] == 900 - MAX_STATUSES


def test_a_policy_with_endless_codes_cannot_grow_the_metrics() -> None:
    recorder = RouteRecorder("orders")
    for number in range(10_000):
        recorder.refused(f"code-{number}")
    recorder.refused("code-1")
    refusals = recorder.values()["refusals"]
    assert len(refusals) == MAX_CODES + 1
    assert refusals["code-1"] == 2
    assert sum(refusals.values()) == 10_001


def test_names_and_codes_become_short_printable_labels() -> None:
    recorder = RouteRecorder("a\nb\ud800")
    recorder.refused("x" * 1000)
    recorder.refused("x" * 1000)
    recorder.refused("line\r\nbreak")
    assert recorder.route == "a_b_"
    assert recorder.values()["refusals"] == {"x" * 128: 2, "line__break": 1}


def test_upstream_attempts_and_failures() -> None:
    recorder = UpstreamRecorder("backend")
    recorder.connects += 1
    recorder.reuses += 2
    recorder.attempt(0.01)
    recorder.failed("timeout")
    recorder.failed("timeout")
    values = recorder.values()
    assert (values["connects"], values["reuses"], values["failures"]) == (1, 2, {"timeout": 2})
    assert sum(values["buckets"]) == 1
