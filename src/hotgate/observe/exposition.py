"""The Prometheus page of the control process (text format 0.0.4 of prometheus-client)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from hotgate.observe.families import add_counts as _add_counts
from hotgate.observe.families import add_durations as _add_durations
from hotgate.observe.label import label
from hotgate.observe.metrics import Snapshot
from hotgate.observe.overload_families import overload_families
from hotgate.observe.release_families import release_families

CONTENT_TYPE = CONTENT_TYPE_LATEST


@dataclass(frozen=True, slots=True)
class GatewayFacts:
    """What only the control process knows. worker_memory: resident bytes of each worker.

    checks: one mapping per target that is checked, as `HealthChecks.state`. store: None without one; else its
    "failure" says why it cannot be reached. introspections: one per entry, as `Introspections.state`. logins: the same,
    as `RelyingParty.state`. upstream_tokens: one mapping per upstream, as `TokenSource.state`. counters: None
    where each node counts for itself; else as `CounterDesk.state`. releases: one per route,
    as `ReleaseDesk.state`. release_returns: how often a side was taken out, by its name.
    """

    version: str
    workers_up: int = 0
    worker_restarts: int = 0
    worker_renewals: int = 0
    worker_memory: Sequence[int] = ()
    reloads_ok: int = 0
    reloads_failed: int = 0
    checks: Sequence[dict[str, Any]] = ()
    bans: int = 0
    store: Mapping[str, Any] | None = None
    introspections: Sequence[Mapping[str, Any]] = ()
    logins: Sequence[Mapping[str, Any]] = ()
    upstream_tokens: Sequence[Mapping[str, Any]] = ()
    counters: Mapping[str, Any] | None = None
    releases: Sequence[Mapping[str, Any]] = ()
    release_returns: Mapping[str, int] = field(default_factory=dict)


def expose(total: Snapshot, facts: GatewayFacts) -> bytes:
    """The whole page, for `Fleet.total()`. With 10,000 busy routes it takes a second: call it in a thread."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(GatewayCollector(total, facts))
    return generate_latest(registry)


class GatewayCollector(Collector):
    """Turns one snapshot into metric families. The time series of a route appear with its first request."""

    def __init__(self, total: Snapshot, facts: GatewayFacts) -> None:
        self._total = total
        self._facts = facts

    def describe(self) -> Iterable[Metric]:
        """Nothing: the registry needs no description to check for duplicates, it holds this collector alone."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Every family, in the order of the page."""
        yield from _route_families(self._total["routes"])
        yield from _upstream_families(self._total["upstreams"])
        yield from _target_families(self._total, self._facts)
        yield from _token_families(self._facts)
        yield from release_families(self._total, self._facts.releases, self._facts.release_returns)
        yield from _worker_families(self._total)
        yield from overload_families(self._total["gauges"], self._total["counters"])
        yield from _handshake_families(self._total["counters"])
        yield from _login_families(self._total["counters"], self._facts)
        yield from _decision_families(self._total["counters"])
        yield from _introspection_families(self._facts)
        yield from _openid_families(self._facts)
        yield from _counter_families(self._facts)
        yield from _gateway_families(self._facts)


def _route_families(routes: list[dict[str, Any]]) -> Iterator[Metric]:
    requests = CounterMetricFamily("hotgate_requests", "Requests answered.", labels=["route", "status"])
    refused = CounterMetricFamily("hotgate_refused", "Answers of the gateway itself.", labels=["route", "code"])
    limited = CounterMetricFamily(
        "hotgate_rate_limited", "Requests over a limit, by what came of it.", labels=["route", "limit", "outcome"]
    )
    received = CounterMetricFamily("hotgate_request_bytes", "Body bytes received from clients.", labels=["route"])
    sent = CounterMetricFamily("hotgate_response_bytes", "Body bytes sent to clients.", labels=["route"])
    duration = HistogramMetricFamily(
        "hotgate_request_duration_seconds", "From the head of a request to the end of its answer.", labels=["route"]
    )
    for values in routes:
        route = values["route"]
        _add_counts(requests, route, values["statuses"])
        _add_counts(refused, route, values["refusals"])
        for name, count in values.get("limited", {}).items():  # a worker of an older version has none
            limited.add_metric([route, *name.split(" ")], count)
        received.add_metric([route], values["request_bytes"])
        sent.add_metric([route], values["response_bytes"])
        _add_durations(duration, route, values)
    yield from (requests, refused, limited, received, sent, duration)


def _upstream_families(upstreams: list[dict[str, Any]]) -> Iterator[Metric]:
    duration = HistogramMetricFamily(
        "hotgate_upstream_duration_seconds", "From an attempt's start to the head of its answer.", labels=["upstream"]
    )
    connections = CounterMetricFamily(
        "hotgate_upstream_connections", "Connections taken for attempts.", labels=["upstream", "kind"]
    )
    failures = CounterMetricFamily(
        "hotgate_upstream_failures", "Attempts without an answer.", labels=["upstream", "kind"]
    )
    retries = CounterMetricFamily(
        "hotgate_upstream_retries", "Attempts after the first one of a request.", labels=["upstream", "reason"]
    )
    exhausted = CounterMetricFamily(
        "hotgate_upstream_retry_budget_exhausted", "Retries not made for want of budget.", labels=["upstream"]
    )
    for values in upstreams:
        upstream = values["upstream"]
        _add_durations(duration, upstream, values)
        _add_counts(connections, upstream, {"new": values["connects"], "reused": values["reuses"]})
        _add_counts(failures, upstream, values["failures"])
        _add_counts(retries, upstream, values.get("retries", {}))  # a worker of an older version
        exhausted.add_metric([upstream], values.get("budget_exhausted", 0))
    yield from (duration, connections, failures, retries, exhausted)


def _target_families(total: Snapshot, facts: GatewayFacts) -> Iterator[Metric]:
    labels = ["upstream", "target"]
    healthy = GaugeMetricFamily("hotgate_upstream_target_healthy", "What active checks say.", labels=labels)
    checks = CounterMetricFamily("hotgate_health_checks", "Active checks by result.", labels=[*labels, "result"])
    ejected = GaugeMetricFamily(
        "hotgate_upstream_target_ejected", "Workers in which it is out of service for its failures.", labels=labels
    )
    ejections = CounterMetricFamily(
        "hotgate_upstream_target_ejections", "How often it went out of service for its failures.", labels=labels
    )
    panic = GaugeMetricFamily(
        "hotgate_upstream_panic", "Workers that use all targets for want of available ones.", labels=["upstream"]
    )
    for check in facts.checks:
        where = [label(check["upstream"]), label(check["target"])]
        healthy.add_metric(where, check["healthy"])
        for result, count in check["checks"].items():
            checks.add_metric([*where, result], count)
    out = total["gauges"].get("ejected", {})
    for values in total["upstreams"]:
        upstream = values["upstream"]
        ejected_before = values.get("ejections", {})  # a worker of an older version
        _add_counts(ejections, upstream, ejected_before)
        for target in ejected_before:
            ejected.add_metric([upstream, target], out.get(upstream, {}).get(target, 0))
    # Also of an upstream that nobody has asked for anything yet: active checks may have put all its targets out.
    panics = dict.fromkeys((values["upstream"] for values in total["upstreams"]), 0) | total["gauges"].get("panics", {})
    for upstream, workers in panics.items():
        panic.add_metric([upstream], workers)
    yield from (healthy, checks, ejected, ejections, panic)


def _token_families(facts: GatewayFacts) -> Iterator[Metric]:
    requests = CounterMetricFamily(
        "hotgate_upstream_token_requests", "Tokens asked for at authorization servers.", labels=["upstream", "result"]
    )
    left = GaugeMetricFamily(
        "hotgate_upstream_token_seconds_left", "How long the gateway's own token is good.", labels=["upstream"]
    )
    for state in {state["upstream"]: state for state in facts.upstream_tokens}.values():
        failed, refused = state["failures"], state.get("refusals", 0)
        counts = {"ok": state["fetches"] - failed - refused, "failed": failed, "refused": refused}
        _add_counts(requests, label(state["upstream"]), counts)
        if "good_for_seconds" in state:
            left.add_metric([label(state["upstream"])], state["good_for_seconds"] or 0.0)
    yield from (requests, left)


def _worker_families(total: Snapshot) -> Iterator[Metric]:
    gauges, counters = total["gauges"], total["counters"]
    yield GaugeMetricFamily("hotgate_connections_open", "Client connections.", gauges.get("connections_open", 0))
    yield GaugeMetricFamily("hotgate_exchanges_active", "Requests on their way.", gauges.get("exchanges_active", 0))
    yield CounterMetricFamily("hotgate_connections", "Client connections accepted.", counters.get("connections", 0))
    refused = CounterMetricFamily("hotgate_connections_refused", "Client connections turned away.", labels=["reason"])
    for reason, count in counters.get("connections_refused", {}).items():
        refused.add_metric([reason], count)
    yield refused
    yield CounterMetricFamily(
        "hotgate_log_dropped", "Access log lines given up because the sink stalled.", counters.get("log_dropped", 0)
    )
    yield CounterMetricFamily(
        "hotgate_decision_log_dropped",
        "Decision log lines given up because the sink stalled.",
        counters.get("decisions_dropped", 0),
    )


def _handshake_families(counters: dict[str, Any]) -> Iterator[Metric]:
    done = CounterMetricFamily("hotgate_tls_handshakes", "TLS handshakes of clients.", labels=["version", "kind"])
    for name, count in counters.get("handshakes", {}).items():
        done.add_metric(name.split(" "), count)
    failed = CounterMetricFamily("hotgate_tls_handshake_failures", "Handshakes that failed.", labels=["reason"])
    for reason, count in counters.get("handshake_failures", {}).items():
        failed.add_metric([reason], count)
    checks = CounterMetricFamily(
        "hotgate_client_certificate_checks", "Checks whether a client's certificate was revoked.", labels=["status"]
    )
    for status, count in counters.get("certificate_checks", {}).items():
        checks.add_metric([status], count)
    yield from (done, failed, checks)


def _decision_families(counters: dict[str, Any]) -> Iterator[Metric]:
    made = CounterMetricFamily("hotgate_decisions", "What decision points have said.", labels=["point", "result"])
    for name, count in counters.get("decisions", {}).items():
        point, _, result = name.rpartition(" ")
        made.add_metric([point, result], count)
    yield made


def _login_families(counters: dict[str, Any], facts: GatewayFacts) -> Iterator[Metric]:
    failed = CounterMetricFamily(
        "hotgate_authentication_failures", "Credentials refused or missing.", labels=["provider", "code"]
    )
    for name, count in counters.get("authentication_failures", {}).items():
        provider, _, code = name.rpartition(" ")
        failed.add_metric([provider, code], count)
    yield failed
    yield CounterMetricFamily(
        "hotgate_authentication_delayed",
        "Refusals that were answered late because many came before.",
        counters.get("authentication_delayed", 0),
    )
    yield GaugeMetricFamily("hotgate_bans_active", "Addresses banned for too many bad credentials.", facts.bans)


def _introspection_families(facts: GatewayFacts) -> Iterator[Metric]:
    asked = CounterMetricFamily(
        "hotgate_introspections", "Tokens that workers have asked about.", labels=["provider", "result"]
    )
    is_open = GaugeMetricFamily(
        "hotgate_introspection_circuit_open",
        "Whether an authorization server is left alone for its failures: 1 or 0.",
        labels=["provider"],
    )
    for entry in facts.introspections:
        _add_counts(asked, entry["provider"], entry["results"])
        is_open.add_metric([entry["provider"]], entry["circuit_open"])
    yield from (asked, is_open)


def _openid_families(facts: GatewayFacts) -> Iterator[Metric]:
    asked = CounterMetricFamily(
        "hotgate_openid_requests",
        "What workers have asked about OpenID Connect providers, and what came of it.",
        labels=["provider", "question", "result"],
    )
    is_open = GaugeMetricFamily(
        "hotgate_openid_circuit_open",
        "Whether a provider is left alone for its failures: 1 or 0.",
        labels=["provider"],
    )
    for entry in facts.logins:
        for (question, result), count in entry["results"].items():
            asked.add_metric([entry["provider"], question, result], count)
        is_open.add_metric([entry["provider"]], entry["circuit_open"])
    yield from (asked, is_open)


def _counter_families(facts: GatewayFacts) -> Iterator[Metric]:
    """Of the store in which all nodes count; none where each counts for itself."""
    counters = facts.counters
    if counters is None:
        return
    is_up = int(counters["state"] == "connected")
    yield GaugeMetricFamily("hotgate_counter_store_up", "Whether the counter store answers: 1 or 0.", is_up)
    yield GaugeMetricFamily("hotgate_counter_keys", "Keys that this node has tokens of, or asks for.", counters["keys"])
    for name, documentation in (
        ("calls", "Round trips to the counter store."),
        ("failures", "Round trips that failed."),
        ("losses", "Times the counter store was lost."),
        ("new_beginnings", "Partitions that began anew: the store had lost what they held."),
        ("tokens_leased", "Tokens that the counter store has lent this node."),
        ("tokens_returned", "Tokens that were given back unused."),
    ):
        yield CounterMetricFamily(f"hotgate_counter_{name}", documentation, counters[name])


def _gateway_families(facts: GatewayFacts) -> Iterator[Metric]:
    if facts.store is not None:
        is_up = 0 if facts.store["failure"] else 1
        yield GaugeMetricFamily("hotgate_store_up", "Whether the store can be reached: 1 or 0.", is_up)
    reloads = CounterMetricFamily("hotgate_reloads", "Configuration reloads by result.", labels=["result"])
    reloads.add_metric(["ok"], facts.reloads_ok)
    reloads.add_metric(["failed"], facts.reloads_failed)
    build = GaugeMetricFamily("hotgate_build_info", "Always 1; the label is the version.", labels=["version"])
    build.add_metric([facts.version], 1)
    yield from (reloads, build)
    yield GaugeMetricFamily("hotgate_workers_up", "Workers that serve.", facts.workers_up)
    memory = facts.worker_memory
    yield GaugeMetricFamily("hotgate_workers_memory_bytes", "Resident memory of all workers.", sum(memory))
    yield GaugeMetricFamily(
        "hotgate_largest_worker_memory_bytes", "Resident memory of the largest worker.", max(memory, default=0)
    )
    yield CounterMetricFamily(
        "hotgate_worker_renewals", "Workers that were replaced because of their memory.", facts.worker_renewals
    )
    yield CounterMetricFamily("hotgate_worker_restarts", "Workers that died and were replaced.", facts.worker_restarts)
