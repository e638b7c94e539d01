"""`authorization.decision_points`, compiled: each once, for all routes that name it."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hotgate.config.decision_points import decision_point as settings_of
from hotgate.config.decision_points.asked_service import AskedService
from hotgate.config.settings import given
from hotgate.config.upstream_credentials import Credentials
from hotgate.config.upstreams import Upstream as UpstreamSettings
from hotgate.http.headers import Field, valid_field
from hotgate.pipeline.policy import PhasedStep, WrongSetting
from hotgate.policies.decision_points.authzen import AuthZenKind
from hotgate.policies.decision_points.cedar import CedarPoint
from hotgate.policies.decision_points.contract import DecisionPoint, Kind
from hotgate.policies.decision_points.decision_cache import DecisionCache
from hotgate.policies.decision_points.ext_authz import ExtAuthzKind
from hotgate.policies.decision_points.opa import OpaKind
from hotgate.policies.decision_points.openfga import OpenFgaKind
from hotgate.policies.decision_points.remote_point import RemotePoint
from hotgate.policies.decision_points.service_call import ServiceCall
from hotgate.upstream.breaker import Breaker
from hotgate.upstream.circuit import CircuitRules
from hotgate.upstream.upstream import Upstream

_KINDS: dict[str, Callable[[Any], Kind]] = {
    "authzen": AuthZenKind,
    "opa": OpaKind,
    "ext_authz": ExtAuthzKind,
    "openfga": OpenFgaKind,
}
# Ways to show a credential that need neither the caller's own nor the Host that the target is called by.
_CREDENTIALS = frozenset({"api_key", "basic", "bearer", "client_credentials"})


def compile_point(
    name: str,
    settings: settings_of.DecisionPoint,
    upstream: Upstream | None,
    credentials: Sequence[PhasedStep],
    services: Mapping[str, Any],
) -> DecisionPoint:
    """upstream: who is asked; None for what is decided here. credentials: the steps that it asks for itself.

    Raises WrongSettings, with paths below the key of its kind.
    """
    if upstream is None:
        return CedarPoint(name, settings.settings)
    clock: Callable[[], float] = services.get("monotonic_clock", time.monotonic)
    service: AskedService = settings.settings
    return RemotePoint(
        name,
        settings,
        _KINDS[settings.kind](service),
        ServiceCall(upstream, _fields(service), credentials, settings.timeout, settings.max_answer),
        cache=_cache(settings.cache, clock),
        breaker=Breaker(f"decision point {name}", clock, _rules(settings.breaker)),
        wall_clock=services.get("wall_clock", time.time),
    )


def check_upstream(upstream: UpstreamSettings) -> None:
    """Raises WrongSetting if it asks for what questions cannot have."""
    credentials = upstream.credentials
    for way in () if credentials is None else given(credentials, tuple(set(Credentials.model_fields) - _CREDENTIALS)):
        raise WrongSetting(("upstream",), f"its `credentials.{way}` cannot be shown with questions")
    if upstream.sign is not None:
        raise WrongSetting(("upstream",), "its `sign` does not cover questions; use `credentials` or a certificate")
    if upstream.proxy_protocol is not None:
        raise WrongSetting(("upstream",), "its `proxy_protocol` speaks of one client, and answers are for several")


def _fields(service: AskedService) -> list[Field]:
    return [
        valid_field(name.encode("ascii"), value.reveal().encode("utf-8")) for name, value in service.headers.items()
    ]


def _cache(settings: settings_of.KeptDecisions | None, clock: Callable[[], float]) -> DecisionCache | None:
    return None if settings is None else DecisionCache(settings.allowed, settings.denied, settings.entries, clock)


def _rules(settings: settings_of.Breaker) -> CircuitRules:
    return CircuitRules(
        consecutive_failures=settings.consecutive_failures,
        duration=settings.duration,
        longest=settings.longest,
        trials=1,
    )
