import pytest
from prometheus_client.parser import text_string_to_metric_families

from hotgate.observe.exposition import GatewayFacts, expose
from hotgate.observe.fleet import merge
from hotgate.observe.metrics import WorkerMetrics

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples_of(metrics: WorkerMetrics, facts: GatewayFacts | None = None) -> Samples:
    page = expose(merge([metrics.snapshot()]), facts or GatewayFacts(version="1.2.3")).decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


@pytest.fixture
def metrics() -> WorkerMetrics:
    metrics = WorkerMetrics()
    route = metrics.route("orders", "backend")
    route.record(200, 0.0002, 10, 137)
    route.record(401, 0.003, 0, 50)
    route.refused("token-expired")
    metrics.upstream("backend").attempt(0.002)
    metrics.upstream("backend").connects = 1
    metrics.upstream("backend").failed("connect")
    metrics.connections_refused = {"too-many": 2, "descriptors": 0}
    metrics.connections, metrics.connections_open, metrics.log_dropped = 9, 4, 3
    metrics.handshakes.complete("TLSv1.3", is_resumed=False)
    metrics.handshakes.complete("TLSv1.2", is_resumed=True)
    metrics.handshakes.fail("timeout")
    return metrics


def test_every_family_parses_and_has_its_value(metrics: WorkerMetrics) -> None:
    samples = samples_of(
        metrics,
        GatewayFacts(
            "1.2.3",
            workers_up=2,
            worker_restarts=1,
            worker_renewals=7,
            worker_memory=[300, 500],
            reloads_ok=5,
            reloads_failed=6,
        ),
    )
    route, upstream = ("route", "orders"), ("upstream", "backend")
    expected = {
        ("hotgate_requests_total", (route, ("status", "200"))): 1,
        ("hotgate_requests_total", (route, ("status", "401"))): 1,
        ("hotgate_refused_total", (("code", "token-expired"), route)): 1,
        ("hotgate_request_bytes_total", (route,)): 10,
        ("hotgate_response_bytes_total", (route,)): 187,
        ("hotgate_request_duration_seconds_count", (route,)): 2,
        ("hotgate_request_duration_seconds_sum", (route,)): 0.0032,
        ("hotgate_upstream_duration_seconds_count", (upstream,)): 1,
        ("hotgate_upstream_connections_total", (("kind", "new"), upstream)): 1,
        ("hotgate_upstream_connections_total", (("kind", "reused"), upstream)): 0,
        ("hotgate_upstream_failures_total", (("kind", "connect"), upstream)): 1,
        ("hotgate_connections_total", ()): 9,
        ("hotgate_connections_refused_total", (("reason", "too-many"),)): 2,
        ("hotgate_connections_refused_total", (("reason", "descriptors"),)): 0,
        ("hotgate_connections_open", ()): 4,
        ("hotgate_exchanges_active", ()): 0,
        ("hotgate_log_dropped_total", ()): 3,
        ("hotgate_tls_handshakes_total", (("kind", "full"), ("version", "TLSv1.3"))): 1,
        ("hotgate_tls_handshakes_total", (("kind", "resumed"), ("version", "TLSv1.2"))): 1,
        ("hotgate_tls_handshake_failures_total", (("reason", "timeout"),)): 1,
        ("hotgate_reloads_total", (("result", "ok"),)): 5,
        ("hotgate_reloads_total", (("result", "failed"),)): 6,
        ("hotgate_workers_up", ()): 2,
        ("hotgate_worker_restarts_total", ()): 1,
        ("hotgate_worker_renewals_total", ()): 7,
        ("hotgate_workers_memory_bytes", ()): 800,
        ("hotgate_largest_worker_memory_bytes", ()): 500,
        ("hotgate_build_info", (("version", "1.2.3"),)): 1,
    }
    assert {key: samples.get(key) for key in expected} == pytest.approx(expected)


def test_buckets_are_cumulative(metrics: WorkerMetrics) -> None:
    samples = samples_of(metrics)

    def at(bound: str) -> float:
        return samples["hotgate_request_duration_seconds_bucket", (("le", bound), ("route", "orders"))]

    assert [at(bound) for bound in ("0.0001", "0.00025", "0.0025", "0.005", "30.0", "+Inf")] == [0, 1, 1, 2, 2, 2]


def test_hostile_labels_cannot_forge_a_sample() -> None:
    metrics = WorkerMetrics()
    metrics.route('x"} 1\nhotgate_workers_up 99\n').record(200, 0.1, 0, 0)
    metrics.route("a").refused("b\\")
    samples = samples_of(metrics)
    assert samples["hotgate_workers_up", ()] == 0
    assert samples["hotgate_refused_total", (("code", "b\\"), ("route", "a"))] == 1
    assert ("hotgate_requests_total", (("route", 'x"} 1_hotgate_workers_up 99_'), ("status", "200"))) in samples


def test_an_empty_gateway_has_a_page() -> None:
    assert samples_of(WorkerMetrics())["hotgate_connections_open", ()] == 0


def test_targets_have_their_health_and_their_ejections() -> None:
    metrics = WorkerMetrics()
    for _ in range(2):
        metrics.upstream("api").ejected("http://a")
    metrics.upstream("api").ejected("http://b")
    metrics.upstream("calm").attempt(0.1)
    metrics.ejected, metrics.panics = {"api": {"http://a": 1}}, {"api": 1, "idle": 1}
    check = {"upstream": "api", "target": "http://a", "healthy": False, "checks": {"ok": 3, "failed": 4}}
    samples = samples_of(metrics, GatewayFacts("1", checks=[check]))
    a, b, upstream = ("target", "http://a"), ("target", "http://b"), ("upstream", "api")
    expected = {
        ("hotgate_upstream_target_healthy", (a, upstream)): 0,
        ("hotgate_health_checks_total", (("result", "ok"), a, upstream)): 3,
        ("hotgate_health_checks_total", (("result", "failed"), a, upstream)): 4,
        ("hotgate_upstream_target_ejected", (a, upstream)): 1,
        ("hotgate_upstream_target_ejected", (b, upstream)): 0,
        ("hotgate_upstream_target_ejections_total", (a, upstream)): 2,
        ("hotgate_upstream_panic", (upstream,)): 1,
        ("hotgate_upstream_panic", (("upstream", "idle"),)): 1,
        ("hotgate_upstream_panic", (("upstream", "calm"),)): 0,
    }
    assert {key: samples.get(key) for key in expected} == expected


@pytest.mark.parametrize(("failure", "up"), [(None, 1), ("down", 0)])
def test_a_store_is_up_or_down(metrics: WorkerMetrics, failure: str | None, up: int) -> None:
    store = {"place": "PostgreSQL, h/x", "failure": failure}
    assert samples_of(metrics, GatewayFacts("1", store=store))[("hotgate_store_up", ())] == up


def test_without_a_store_there_is_nothing_to_say_about_it(metrics: WorkerMetrics) -> None:
    assert ("hotgate_store_up", ()) not in samples_of(metrics, GatewayFacts("1"))


def test_what_came_of_logins_is_counted_by_provider(metrics: WorkerMetrics) -> None:
    login = {"provider": "sso", "results": {("login", "ok"): 3, ("renewal", "over"): 1}, "circuit_open": True}
    samples = samples_of(metrics, GatewayFacts("1", logins=[login]))

    name = "hotgate_openid_requests_total"
    assert samples[(name, (("provider", "sso"), ("question", "login"), ("result", "ok")))] == 3
    assert samples[(name, (("provider", "sso"), ("question", "renewal"), ("result", "over")))] == 1
    assert samples[("hotgate_openid_circuit_open", (("provider", "sso"),))] == 1


def test_tokens_for_upstreams_are_counted_by_what_came_of_them() -> None:
    own = {"upstream": "own", "fetches": 5, "failures": 2, "good_for_seconds": None}
    exchanged = {"upstream": "exchanged", "fetches": 9, "failures": 1, "refusals": 3}
    states = [{**own, "fetches": 1}, own, exchanged]  # in a reload an upstream has two for a moment
    samples = samples_of(WorkerMetrics(), GatewayFacts("1", upstream_tokens=states))

    def count(upstream: str, result: str) -> float:
        return samples["hotgate_upstream_token_requests_total", (("result", result), ("upstream", upstream))]

    assert [count("own", result) for result in ("ok", "failed", "refused")] == [3, 2, 0]
    assert [count("exchanged", result) for result in ("ok", "failed", "refused")] == [5, 1, 3]
    left = "hotgate_upstream_token_seconds_left"
    assert samples[left, (("upstream", "own"),)] == 0
    assert (left, (("upstream", "exchanged"),)) not in samples
