"""One upstream's settings → its targets and pools."""

import ssl
from functools import cache

from hotgate.config.addresses import TargetUrl
from hotgate.config.balance import Balance
from hotgate.config.concurrency import UpstreamConcurrency
from hotgate.config.retries import Retries
from hotgate.config.status_range import all_statuses
from hotgate.config.upstreams import Target as TargetSettings
from hotgate.config.upstreams import Upstream as UpstreamSettings
from hotgate.limits.concurrency.adaptive_limit import AdaptiveRules
from hotgate.limits.concurrency.place_book import KeyedPlaces, Rules
from hotgate.limits.concurrency.places import PlaceRules
from hotgate.limits.concurrency.worker_share import WorkerShare
from hotgate.observe.recorder import UpstreamRecorder
from hotgate.upstream.answer_reader import AnswerLimits
from hotgate.upstream.availability import AvailabilityRules
from hotgate.upstream.balance import BALANCERS, Balancer
from hotgate.upstream.circuit import CircuitRules
from hotgate.upstream.client_tls import ClientTls, client_context
from hotgate.upstream.dial import Dialer
from hotgate.upstream.hash_key import hash_key
from hotgate.upstream.hash_ring import consistent_hash
from hotgate.upstream.lifetime import Lifetime
from hotgate.upstream.outbox import Outbox
from hotgate.upstream.retry import IDEMPOTENT, RetryBudget, RetryRules
from hotgate.upstream.sticky import Sticky
from hotgate.upstream.target import Target
from hotgate.upstream.upstream import Timeouts, Upstream

_UPLOAD_SHARE = 2  # one of so many connections may wait for its client's body; the others stay free for the rest


def compile_upstream(
    name: str,
    settings: UpstreamSettings,
    recorder: UpstreamRecorder,
    outbox: Outbox,
    places: KeyedPlaces | None = None,
) -> Upstream:
    """The upstream, with empty pools. Raises ValueError for certificates that cannot be used."""
    retries = settings.retries or Retries(attempts=min(2, len(settings.targets)))
    tls = compile_client_tls(settings)
    return Upstream(
        name,
        [_target(target, settings, tls, outbox) for target in settings.targets],
        balance=_balancer(settings.balance),
        timeouts=_timeouts(settings, retries),
        preserve_host=settings.host == "preserve",
        retries=_rules(retries),
        budget=RetryBudget(recorder, retries.budget.percent / 100, retries.budget.per_second),
        recorder=recorder,
        max_uploads=max(1, settings.max_connections * len(settings.targets) // _UPLOAD_SHARE),
        availability=_availability(settings),
        places=places,
        adapts=settings.concurrency is not None and settings.concurrency.limit == "adaptive",
    )


def place_rules(settings: UpstreamConcurrency, share: WorkerShare) -> Rules:
    """This worker's part of the places that an upstream has for requests."""
    if settings.limit == "adaptive":
        return AdaptiveRules(settings.lowest, settings.highest, settings.queue, settings.wait)
    return PlaceRules(share.of(settings.limit), settings.queue, settings.wait)


def _availability(settings: UpstreamSettings) -> AvailabilityRules:
    ejection = settings.ejection
    return AvailabilityRules(
        circuit=CircuitRules(
            consecutive_failures=ejection.consecutive_failures,
            failure_share=ejection.failure_share,
            min_requests=ejection.min_requests,
            window=ejection.window,
            duration=ejection.duration,
            longest=ejection.longest,
            max_share=ejection.max_share,
            trials=ejection.trials,
            statuses=all_statuses(ejection.statuses),
        ),
        panic_threshold=settings.panic_threshold,
        slow_start=settings.slow_start,
        is_checked=settings.health is not None,
    )


def compile_client_tls(upstream: UpstreamSettings) -> ClientTls | None:
    """How backends are verified; None if none of them speaks TLS. Raises ValueError."""
    if not any(target.url.scheme == "https" for target in upstream.targets):
        return None
    settings = upstream.tls
    if settings is None:
        return ClientTls(_system_context())
    context = client_context(
        ca=[ca.reveal() for ca in settings.ca],
        min_version=settings.min_version,
        certificate=settings.certificate.reveal() if settings.certificate else "",
        key=settings.key.reveal() if settings.key else "",
        verify=not settings.insecure_skip_verify,
    )
    pins = tuple(pin.removeprefix("sha256/") for pin in settings.pins)
    return ClientTls(context, settings.server_name or "", pins)


@cache
def _system_context() -> ssl.SSLContext:
    """One for all upstreams without settings of their own: to load the system's authorities takes 20 ms."""
    return client_context()


def compile_dialer(url: TargetUrl, tls: ClientTls | None) -> Dialer:
    """The way to one target."""
    return Dialer(url.host, url.port, url.path, tls if url.scheme == "https" else None)


def _target(target: TargetSettings, settings: UpstreamSettings, tls: ClientTls | None, outbox: Outbox) -> Target:
    url = target.url
    return Target(
        str(url),
        url.host,
        url.port,
        weight=target.weight,
        dialer=compile_dialer(url, tls),
        proxy_protocol=settings.proxy_protocol or "",
        connect_timeout=settings.timeouts.connect,
        max_connections=settings.max_connections,
        lifetime=Lifetime(settings.idle_timeout, settings.max_age, settings.max_requests or 0),
        outbox=outbox,
        answer_limits=AnswerLimits(max_head_bytes=settings.max_header_bytes, max_fields=settings.max_headers),
    )


def _balancer(settings: str | Balance) -> Balancer:
    if isinstance(settings, str):
        return BALANCERS[settings]
    if settings.sticky is not None:
        sticky = settings.sticky
        return Sticky(sticky.cookie, sticky.secret.reveal(), sticky.ttl, BALANCERS[sticky.otherwise])
    hashed = settings.consistent_hash
    assert hashed is not None
    return consistent_hash(hash_key(hashed.by, hashed.name or ""), hashed.balance_factor)


def _timeouts(settings: UpstreamSettings, retries: Retries) -> Timeouts:
    timeouts = settings.timeouts
    head = min(timeouts.wait_for_head, retries.per_try_timeout or timeouts.wait_for_head)
    return Timeouts(timeouts.connect, head, timeouts.read, timeouts.total)


def _rules(retries: Retries) -> RetryRules:
    return RetryRules(
        retries.attempts,
        frozenset(condition for condition in retries.on if isinstance(condition, str)),
        frozenset(condition for condition in retries.on if isinstance(condition, int)),
        IDEMPOTENT.union(retries.non_idempotent),
        retries.max_body,
    )
