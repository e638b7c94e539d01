"""One upstream's settings → its targets and pools."""

import ssl
from functools import cache
from typing import Any

from hotgate.config.status_range import all_statuses
from hotgate.config.upstreams import Retries
from hotgate.config.upstreams import Upstream as UpstreamSettings
from hotgate.upstream.answer_reader import AnswerLimits
from hotgate.upstream.availability import AvailabilityRules
from hotgate.upstream.circuit import CircuitRules
from hotgate.upstream.outbox import Outbox
from hotgate.upstream.target import Target
from hotgate.upstream.upstream import Timeouts, Upstream

_UPLOAD_SHARE = 2  # one of so many connections may wait for its client's body; the others stay free for the rest


@cache
def client_tls() -> ssl.SSLContext:
    """Certificates and names are verified; the system's authorities are trusted. Loaded once: it takes 20 ms."""
    return ssl.create_default_context()


def compile_upstream(name: str, settings: UpstreamSettings, recorder: Any, outbox: Outbox) -> Upstream:
    """The upstream, with empty pools."""
    timeouts = settings.timeouts
    retries = settings.retries or Retries(attempts=min(2, len(settings.targets)))
    answer_limits = AnswerLimits(max_head_bytes=settings.max_header_bytes, max_fields=settings.max_headers)
    targets = [
        Target(
            str(target.url),
            target.url.host,
            target.url.port,
            weight=target.weight,
            tls=client_tls() if target.url.scheme == "https" else None,
            connect_timeout=timeouts.connect,
            max_connections=settings.max_connections,
            idle_timeout=settings.idle_timeout,
            outbox=outbox,
            answer_limits=answer_limits,
        )
        for target in settings.targets
    ]
    return Upstream(
        name,
        targets,
        balance=settings.balance,
        timeouts=Timeouts(timeouts.connect, timeouts.wait_for_head, timeouts.read, timeouts.total),
        preserve_host=settings.host == "preserve",
        attempts=retries.attempts,
        retries_connect="connect" in retries.on,
        retry_on=frozenset(status for status in retries.on if isinstance(status, int)),
        recorder=recorder,
        max_uploads=max(1, settings.max_connections * len(targets) // _UPLOAD_SHARE),
        availability=_availability(settings),
    )


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
