"""Configuration → what the data plane runs: route table, pipelines, upstreams. All errors at once."""

import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from hotgate.config.gateway import Gateway
from hotgate.edge.context import ListenerRules
from hotgate.identity.rights import RoleBook
from hotgate.identity.verification_keys.key_sets import KeySets
from hotgate.keys.signing_key import SigningKey
from hotgate.limits.brute_force.login_guard import LoginGuard
from hotgate.limits.concurrency.place_book import PlaceBook, PlacePlan
from hotgate.limits.lease_client import LeaseClient
from hotgate.observe.metrics import WorkerMetrics
from hotgate.pipeline.policy import Authenticator, PhasedStep
from hotgate.pipeline.route import Route
from hotgate.policies import MECHANISMS
from hotgate.policies.decision_points.contract import COUNT, POINTS, DecisionPoint
from hotgate.policies.limits.priorities import compile_priorities
from hotgate.routing.ambiguity import AmbiguousRoutes
from hotgate.routing.pattern import RoutePattern
from hotgate.routing.table import RouteTable
from hotgate.runtime.compiling.ambiguous_routes import ambiguous_places
from hotgate.runtime.compiling.compile_endpoints import endpoint_routes, receiver_route
from hotgate.runtime.compiling.compile_listener import compile_listener
from hotgate.runtime.compiling.compile_resources import resource_routes
from hotgate.runtime.compiling.compile_routes import RouteCompiler
from hotgate.runtime.compiling.compile_snapshot import snapshot_of
from hotgate.runtime.compiling.compile_upstreams import compile_outgoing, compile_upstreams, with_places
from hotgate.runtime.compiling.compiled import Compiled, Parts
from hotgate.runtime.compiling.observing import Observing
from hotgate.runtime.compiling.problems import CompileProblems, Problems
from hotgate.runtime.compiling.without_collection import without_collection
from hotgate.store.credentials import Credentials


@without_collection()
def compile_configuration(config: Gateway, parts: Parts) -> Compiled:
    """Compile, changing nothing that is in force. Raises CompileProblems."""
    problems = Problems()
    for index, key in enumerate(config.assertion.keys):
        problems.attempt(("assertion", "keys", index), partial(SigningKey.from_pem, key.reveal()))
    book: PlaceBook = parts.services.get("place_book") or PlaceBook()
    places = book.plan()
    services = _services(config, parts, places, problems)
    upstreams = services["upstreams"] = compile_upstreams(config, parts, places, problems)
    identities = _identities(config, services, problems)
    services["observing"] = observing = Observing.of(config, services)
    outgoing = compile_outgoing(config, services, problems)
    points = _decision_points(config, outgoing, services, parts.current, problems)
    services[POINTS] = points
    services[COUNT] = parts.metrics.decisions.count
    routes = RouteCompiler(
        config,
        parts.metrics,
        identities=identities,
        services=services,
        upstreams=upstreams,
        outgoing=with_places(outgoing, upstreams),
    )
    entries = [*_own_routes(config, identities, services, parts.metrics, problems), *routes.compile(problems)]
    table = _table(config, entries, problems)
    listeners = _listeners(config, services, problems)
    if problems or table is None:
        raise CompileProblems(problems)
    snapshot = snapshot_of(config, table, listeners, observing.unmatched(parts.metrics))
    return Compiled(snapshot, config, upstreams, places, identities, points, services["limits"])


def idle_services(config: Gateway) -> dict[str, Any]:
    """Services that are good enough for compiling: nothing is connected to anything."""
    services: dict[str, Any] = {
        "limiter": LeaseClient(lambda message: None, time.monotonic),
        "key_sets": KeySets(time.monotonic),
        "login_guard": LoginGuard(),  # one for all routes, as in a worker
    }
    return services if config.store is None else {**services, "credentials": Credentials()}


def _services(config: Gateway, parts: Parts, places: PlacePlan, problems: Problems) -> dict[str, Any]:
    """What policies may use, and what they must know of the whole file."""

    def wrong_rule(index: int, message: str) -> None:
        problems.report(("priorities", "rules", index, "when"), message)

    services = {
        **parts.services,
        "limits": {},
        "shared_limits": {},
        "limit_names": set(),
        "apis": config.apis,
        "assertion_issuer": config.assertion.issuer,
        "authorization": config.authorization,
        "roles": RoleBook(config.authorization.roles),
        "has_cookies": any(entry.mechanism == "oidc" for entry in config.identity.values()),
        "places": places,
        "workers": config.workers,
    }
    services["caller_priorities"] = compile_priorities(config.priorities, services, wrong_rule)
    return services


def _identities(config: Gateway, services: dict[str, Any], problems: Problems) -> dict[str, Authenticator]:
    compilers = {mechanism.name: mechanism.compile for mechanism in MECHANISMS}
    identities: dict[str, Authenticator] = {}
    for name, entry in config.identity.items():
        path = ("identity", name, entry.mechanism)
        compiler = partial(compilers[entry.mechanism], name, entry.settings, services)
        authenticator = problems.attempt(path, compiler)
        if authenticator is not None:
            identities[name] = authenticator
    return identities


def _decision_points(
    config: Gateway,
    outgoing: Mapping[str, Sequence[PhasedStep]],
    services: Mapping[str, Any],
    current: Compiled | None,
    problems: Problems,
) -> dict[str, DecisionPoint]:
    """Their code is imported where there are any."""
    if not config.authorization.decision_points:
        return {}
    from hotgate.runtime.compiling.compile_decision_points import compile_decision_points  # noqa: PLC0415

    return compile_decision_points(config, services["upstreams"], outgoing, services, current, problems.report)


def _own_routes(
    config: Gateway,
    identities: Mapping[str, Authenticator],
    services: Mapping[str, Any],
    metrics: WorkerMetrics,
    problems: Problems,
) -> Iterator[tuple[RoutePattern, Route]]:
    """The gateway's own paths."""
    yield from endpoint_routes(config, identities, metrics)
    yield from resource_routes(config, services, metrics, problems.report)
    for name in config.security_events:
        compiler = partial(receiver_route, name, config, services, metrics)
        received = problems.attempt(("security_events", name), compiler)
        if received is not None:
            yield received


def _table(config: Gateway, entries: list[tuple[RoutePattern, Route]], problems: Problems) -> RouteTable[Route] | None:
    try:
        return RouteTable(entries)
    except AmbiguousRoutes as error:
        for path, message in ambiguous_places(config, error):
            problems.report(path, message)
        return None


def _listeners(config: Gateway, services: Mapping[str, Any], problems: Problems) -> dict[str, ListenerRules]:
    rules = {}
    for index, settings in enumerate(config.listeners):
        compiled = problems.attempt(("listeners", index, "tls"), partial(compile_listener, settings, services))
        if compiled is not None:
            rules[settings.name] = compiled
    return rules
