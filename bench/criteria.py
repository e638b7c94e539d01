"""What Hotgate promises in figures, and whether a run bears it out."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.cases import decisions, dpop, identity, overload, signatures
from bench.cases.variation import PLAIN
from bench.results import Results

_MIB = 2.0**20
Measure = Callable[[Results], float | None]


@dataclass(frozen=True, slots=True)
class Criterion:
    """text: the promise. required: its bound, a least value unless `at_most`; None where no bound is set yet."""

    text: str
    measure: Measure
    required: float | None
    at_most: bool = False
    unit: str = ""

    def verdict(self, measured: float | None) -> str:
        """ "pass", "fall short", "not measured", or a dash where no bound is set."""
        if measured is None:
            return "not measured"
        if self.required is None:
            return "-"
        fulfilled = measured <= self.required if self.at_most else measured >= self.required
        return "pass" if fulfilled else "fall short"

    def bound(self) -> str:
        """The requirement as text, such as "≥ 1.00"."""
        return "-" if self.required is None else f"{'≤' if self.at_most else '≥'} {self.required:,.2f}{self.unit}"


def ratio(top: tuple[str, str, str], bottom: tuple[str, str, str]) -> Measure:
    """The median of one (case, server, metric) over that of another; None when either is missing or the latter 0."""

    def measured(results: Results) -> float | None:
        above, below = results.middle(*top), results.middle(*bottom)
        return None if above is None or not below else above / below

    return measured


def value(case: str, server: str, metric: str, scale: float = 1.0) -> Measure:
    """The median of one metric, divided by `scale`."""

    def measured(results: Results) -> float | None:
        middle = results.middle(case, server, metric)
        return None if middle is None else middle / scale

    return measured


def worst(case: str, server: str, metric: str, scale: float = 1.0) -> Measure:
    """The highest sample of one metric, divided by `scale`: for bounds that must never be passed."""

    def measured(results: Results) -> float | None:
        spread = results.spread(case, server, metric)
        return None if spread is None else spread.high / scale

    return measured


def added(case: str, server: str, base: str, metric: str, scale: float = 1.0) -> Measure:
    """The median of one server's metric above that of another in the same case, divided by `scale`."""

    def measured(results: Results) -> float | None:
        with_it, without = results.middle(case, server, metric), results.middle(case, base, metric)
        return None if with_it is None or without is None else (with_it - without) / scale

    return measured


def _identity(variation: str) -> Measure:
    """Requests per second, as a share of plain proxying in the same rounds."""
    return ratio((identity.CASE, variation, "rate"), (identity.CASE, PLAIN, "rate"))


def _decisions(variation: str, base: str = PLAIN) -> Measure:
    """Likewise."""
    return ratio((decisions.CASE, variation, "rate"), (decisions.CASE, base, "rate"))


_PLAIN = ("plain", "Hotgate", "rate")
_SECURED = ("secured", "Hotgate", "rate")

CRITERIA = (
    Criterion("secured Hotgate ÷ plain Envoy", ratio(_SECURED, ("plain", "Envoy", "rate")), 1.5),
    Criterion("secured Hotgate ÷ plain Traefik", ratio(_SECURED, ("plain", "Traefik", "rate")), 1.5),
    Criterion("secured Hotgate ÷ secured Envoy", ratio(_SECURED, ("secured", "Envoy", "rate")), 2.0),
    Criterion("secured Hotgate ÷ secured HAProxy", ratio(_SECURED, ("secured", "HAProxy", "rate")), 1.4),
    Criterion("plain Hotgate ÷ plain nginx", ratio(_PLAIN, ("plain", "nginx", "rate")), 0.55),
    Criterion("secured Hotgate ÷ plain nginx", ratio(_SECURED, ("plain", "nginx", "rate")), 0.42),
    Criterion("a token seen before ÷ plain", _identity(identity.TOKEN), 0.8),
    Criterion("a token seen before and a signed assertion ÷ plain", _identity(identity.ASSERTION), 0.85),
    Criterion("one of 1,000,000 API keys of the store ÷ plain", _identity(identity.KEY), 0.65),
    Criterion(
        "worker with 1,000,000 API keys in the store",
        value(identity.CASE, identity.KEY, "worker", _MIB),
        150.0,
        at_most=True,
        unit=" MiB",
    ),
    Criterion("an opaque token, introspected before ÷ plain", _identity(identity.OPAQUE), 0.8),
    Criterion("the same, while its server is down ÷ plain", _identity(identity.ORPHANED), 0.8),
    Criterion("a session in a cookie ÷ plain", _identity(identity.SESSION), 0.6),
    Criterion(
        "memory of a worker for 10,000 live sessions, besides one",
        added(identity.CASE, identity.SESSIONS, identity.SESSION, "worker", _MIB),
        20.0,
        at_most=True,
        unit=" MiB",
    ),
    Criterion(
        "an RS256 token at first sight",
        added(identity.CASE, identity.NEW_TOKEN, PLAIN, "cpu"),
        150.0,
        at_most=True,
        unit=" µs",
    ),
    Criterion("a role and three conditions ÷ plain", _decisions(decisions.CONDITIONS), 0.65),
    Criterion("three rate limits ÷ plain", _decisions(decisions.LIMITS), 0.8),
    Criterion(
        "three rate limits in Valkey ÷ plain, both with two workers",
        _decisions(decisions.SHARED, decisions.PLAIN_PAIR),
        0.75,
    ),
    Criterion("a limit for each of 100,000 clients ÷ plain", _decisions(decisions.CLIENTS), 0.7),
    Criterion(  # heads that differ from one request to the next are parsed, and plain ones are not
        "a limit for each of 100,000 clients ÷ the same requests without",
        _decisions(decisions.CLIENTS, decisions.MANY),
        0.75,
    ),
    Criterion(
        "worker that has limited 100,000 clients",
        value(decisions.CASE, decisions.CLIENTS, "worker", _MIB),
        100.0,
        at_most=True,
        unit=" MiB",
    ),
    Criterion(
        "a new ES256 proof with each request (DPoP) ÷ plain",
        ratio((dpop.CASE, dpop.PROOF, "rate"), (dpop.CASE, dpop.PLAIN, "rate")),
        0.2,
    ),
    Criterion(
        "an Ed25519 signature with each request (RFC 9421) ÷ plain",
        ratio((signatures.CASE, signatures.VERIFIED, "rate"), (signatures.CASE, signatures.PLAIN, "rate")),
        0.25,
    ),
    Criterion(
        "a revoked key is refused by every worker after",
        worst("revocation", "Hotgate", "longest"),
        1.0,
        at_most=True,
        unit=" s",
    ),
    Criterion("added latency, one connection", value("latency", "Hotgate", "added"), 150.0, at_most=True, unit=" µs"),
    Criterion("download ÷ nginx", ratio(("download", "Hotgate", "rate"), ("download", "nginx", "rate")), 0.5),
    Criterion("upload ÷ nginx", ratio(("upload", "Hotgate", "rate"), ("upload", "nginx", "rate")), 0.5),
    Criterion("memory growth, download", worst("download", "Hotgate", "growth", _MIB), 16.0, at_most=True, unit=" MiB"),
    Criterion("memory growth, upload", worst("upload", "Hotgate", "growth", _MIB), 16.0, at_most=True, unit=" MiB"),
    Criterion("TLS 1.3 Hotgate ÷ TLS 1.3 nginx", ratio(("tls", "Hotgate", "rate"), ("tls", "nginx", "rate")), 0.6),
    Criterion(
        "new TLS connections per second of the core ÷ nginx",
        ratio(("handshakes", "Hotgate", "capacity"), ("handshakes", "nginx", "capacity")),
        0.4,
    ),
    Criterion(
        "new mTLS connections per second of the core ÷ nginx",
        ratio(("mtls", "Hotgate", "capacity"), ("mtls", "nginx", "capacity")),
        0.4,
    ),
    Criterion(
        "10,000 routes ÷ 10 routes, requests/s",
        ratio(("routes", "10,000 routes", "rate"), ("routes", "10 routes", "rate")),
        0.9,
    ),
    Criterion(
        "served at three times the capacity of a backend, `limit: adaptive` ÷ capacity",
        value(overload.CASE, overload.ADAPTIVE, "goodput"),
        0.9,
    ),
    Criterion(
        "p99 of important requests at three times the capacity, `limit: adaptive` ÷ at 70 %",
        value(overload.CASE, overload.ADAPTIVE, "slower"),
        2.0,
        at_most=True,
    ),
    Criterion("idle worker", value("memory", "Hotgate", "worker", _MIB), 60.0, at_most=True, unit=" MiB"),
    Criterion("idle connection", value("memory", "Hotgate", "connection", 1024), 12.0, at_most=True, unit=" KiB"),
    Criterion("start to ready", value("startup", "Hotgate /readyz", "ready"), 1.5, at_most=True, unit=" s"),
)
