"""Configuration → what the data plane runs: route table, pipelines, upstreams. All errors at once."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from hotgate.config.errors import ConfigurationError
from hotgate.config.gateway import Gateway
from hotgate.config.loader import Loaded
from hotgate.config.routes import Route as RouteSettings
from hotgate.config.upstreams import Upstream as UpstreamSettings
from hotgate.edge.context import ClientTimeouts, ListenerRules, Snapshot
from hotgate.edge.request_rules import RequestLimits, RequestRules
from hotgate.http.reserved import EXPLAIN_FIELD
from hotgate.identity.rights import RoleBook
from hotgate.identity.verification_keys.key_sets import KeySets
from hotgate.keys.signing_key import SigningKey
from hotgate.limits.lease_client import LeaseClient
from hotgate.limits.limit import Limit
from hotgate.limits.place_book import KeyedPlaces, PlaceBook, PlacePlan
from hotgate.limits.worker_share import WorkerShare, too_few
from hotgate.observe.metrics import WorkerMetrics
from hotgate.pipeline.outgoing import OutgoingContext
from hotgate.pipeline.policy import Authenticator, CompileContext, PhasedStep
from hotgate.pipeline.route import Route
from hotgate.policies import MECHANISMS
from hotgate.policies.decision_points.contract import COUNT, POINTS, DecisionPoint
from hotgate.policies.limits.concurrency import upstream_steps
from hotgate.policies.limits.priorities import compile_priorities
from hotgate.policies.outgoing import OUTGOING
from hotgate.routing.ambiguity import AmbiguousRoutes
from hotgate.routing.path_shape import BadPattern
from hotgate.routing.pattern import RoutePattern
from hotgate.routing.table import RouteTable
from hotgate.runtime.compiling.ambiguous_routes import ambiguous_places
from hotgate.runtime.compiling.compile_endpoints import endpoint_routes, receiver_route
from hotgate.runtime.compiling.compile_listener import compile_listener
from hotgate.runtime.compiling.compile_release import outgoing_steps
from hotgate.runtime.compiling.compile_resources import resource_routes
from hotgate.runtime.compiling.compile_route import compile_route
from hotgate.runtime.compiling.compile_upstream import compile_upstream, place_rules
from hotgate.runtime.compiling.compile_versions import VersionedPatterns
from hotgate.runtime.compiling.key_files import key_file_errors
from hotgate.runtime.compiling.observing import Observing
from hotgate.runtime.compiling.without_collection import without_collection
from hotgate.store.credentials import Credentials
from hotgate.upstream.outbox import Outbox
from hotgate.upstream.upstream import Upstream

Path = tuple[str | int, ...]
Entry = tuple[RoutePattern, Route]


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake that only compiling finds. path: the key, such as ("routes", 0, "match")."""

    path: Path
    message: str


class CompileProblems(ValueError):
    """Everything that is wrong. The text is one line per problem."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(f"{'.'.join(map(str, each.path))}: {each.message}" for each in problems))


@dataclass(frozen=True, slots=True)
class Compiled:
    """A snapshot, the parts of it that outlive a reload, and the compiled entries of `identity`.

    limits: by scope.
    """

    snapshot: Snapshot
    config: Gateway
    upstreams: Mapping[str, Upstream]
    places: PlacePlan
    identities: Mapping[str, Authenticator] = field(default_factory=dict)
    decision_points: Mapping[str, DecisionPoint] = field(default_factory=dict)
    limits: Mapping[str, Limit] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a compiled configuration is wired to. current: the one in force, whose unchanged upstreams are kept.

    services: what policies may use, by name; at least "limiter" (LeaseClient) and "key_sets" (KeySets).
    """

    services: Mapping[str, Any]
    metrics: WorkerMetrics
    outbox: Outbox = field(default_factory=Outbox)
    current: Compiled | None = None


@without_collection()
def compile_configuration(config: Gateway, parts: Parts) -> Compiled:
    """Compile, changing nothing that is in force. Raises CompileProblems."""
    problems: list[Problem] = []
    for index, key in enumerate(config.assertion.keys):
        _attempt(problems, ("assertion", "keys", index), partial(SigningKey.from_pem, key.reveal()))
    places = PlacePlan(parts.services.get("place_book") or PlaceBook())
    services = _services(config, parts, places, problems)
    upstreams = services["upstreams"] = _upstreams(config, parts, places, problems)
    identities = _identities(config, services, problems)
    services["observing"] = observing = Observing.of(config, services)
    outgoing = _outgoing(config, services, problems)
    points = _decision_points(config, outgoing, services, parts.current, problems)
    services[POINTS] = points
    services[COUNT] = parts.metrics.decisions.count
    entries = _own_entries(config, identities, services, parts.metrics, problems)
    entries += _entries(config, identities, services, _with_places(outgoing, upstreams), parts.metrics, problems)
    table = _table(config, entries, problems)
    listeners = _listeners(config, services, problems)
    if problems or table is None:
        raise CompileProblems(problems)
    snapshot = _snapshot(config, table, listeners, observing.unmatched(parts.metrics))
    return Compiled(snapshot, config, upstreams, places, identities, points, services["limits"])


def _own_entries(
    config: Gateway,
    identities: Mapping[str, Authenticator],
    services: dict[str, Any],
    metrics: WorkerMetrics,
    problems: list[Problem],
) -> list[Entry]:
    """What the gateway answers by itself, beside the routes of the file."""
    entries = list(endpoint_routes(config, identities, metrics))
    entries += resource_routes(config, services, metrics, lambda *problem: problems.append(Problem(*problem)))
    for name in config.security_events:
        compiler = partial(receiver_route, name, config, services, metrics)
        received = _attempt(problems, ("security_events", name), compiler)
        if received is not None:
            entries.append(received)
    return entries


def _entries(
    config: Gateway,
    identities: Mapping[str, Authenticator],
    services: Mapping[str, Any],
    outgoing: Mapping[str, Sequence[PhasedStep]],
    metrics: WorkerMetrics,
    problems: list[Problem],
) -> list[Entry]:
    """The routes of the file."""
    entries: list[Entry] = []
    versioned = VersionedPatterns(config.apis)
    for index, settings in enumerate(config.routes):
        patterns = _attempt(problems, ("routes", index, "match", "path"), partial(_patterns, settings, versioned))
        name = settings.upstream or ""
        context = CompileContext(
            settings.name,
            identities,
            services,
            name,
            outgoing_steps(settings, outgoing),
            tuple(settings.match.hosts),
            _parameters(settings),
            settings.metadata,
            ("routes", index),
            settings.public,
        )
        recorder = metrics.route(settings.name, name)
        route = _route(problems, settings, context, services["upstreams"].get(name), recorder)
        if patterns is not None and route is not None:
            entries += [(pattern, route.serving(version) if version else route) for pattern, version in patterns]
    return [*entries, *versioned.refusals(metrics)]


def compile_errors(loaded: Loaded) -> list[ConfigurationError]:
    """What compiling finds wrong with a configuration and its files of keys, with positions; empty if nothing."""
    errors = list(key_file_errors(loaded))
    parts = Parts(idle_services(loaded.config), WorkerMetrics())
    try:
        compile_configuration(loaded.config, parts)
    except CompileProblems as error:
        errors += [loaded.error(problem.path, problem.message) for problem in error.problems]
    return errors


def idle_services(config: Gateway) -> dict[str, Any]:
    """Services that are good enough for compiling: nothing is connected to anything."""
    services: dict[str, Any] = {
        "limiter": LeaseClient(lambda message: None, time.monotonic),
        "key_sets": KeySets(time.monotonic),
    }
    return services if config.store is None else {**services, "credentials": Credentials()}


def _attempt(problems: list[Problem], path: Path, action: Callable[[], Any]) -> Any:
    """The result of `action`, or None and a problem."""
    try:
        return action()
    except (BadPattern, ValueError) as error:
        problems.append(Problem(path, str(error)))
        return None


def _route(
    problems: list[Problem],
    settings: RouteSettings,
    context: CompileContext,
    upstream: Upstream | None,
    recorder: Any,
) -> Route | None:
    wrong: list[tuple[Path, str]] = []
    route = compile_route(settings, context, upstream, recorder, wrong)
    problems += [Problem(path, message) for path, message in wrong]
    return None if wrong else route


def _upstreams(config: Gateway, parts: Parts, plan: PlacePlan, problems: list[Problem]) -> dict[str, Upstream]:
    """Unchanged upstreams stay as they are, with their pools."""
    current = parts.current
    upstreams = {}
    share = parts.services.get("worker_share", WorkerShare())
    for name, settings in config.upstreams.items():
        places = _places_of(name, settings, plan, share)
        if settings.concurrency is not None and (wrong := too_few(settings.concurrency.limit, config.workers)):
            problems.append(Problem(("upstreams", name, "concurrency", "limit"), wrong))
        if current is not None and current.config.upstreams.get(name) == settings:
            upstreams[name] = current.upstreams[name]
        else:
            compiler = partial(compile_upstream, name, settings, parts.metrics.upstream(name), parts.outbox, places)
            upstream = _attempt(problems, ("upstreams", name, "tls"), compiler)
            if upstream is not None:
                upstreams[name] = upstream
    return upstreams


def _places_of(name: str, settings: UpstreamSettings, plan: PlacePlan, share: WorkerShare) -> KeyedPlaces | None:
    if settings.concurrency is None:
        return None
    return plan.open(f"upstreams/{name}", place_rules(settings.concurrency, share))


def _services(config: Gateway, parts: Parts, places: PlacePlan, problems: list[Problem]) -> dict[str, Any]:
    """What policies may use, and what they must know of the whole file."""

    def wrong_rule(index: int, message: str) -> None:
        problems.append(Problem(("priorities", "rules", index, "when"), message))

    services = {
        **parts.services,
        "limits": {},
        "shared_limits": {},
        "shared_quotas": {},
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


def _identities(config: Gateway, services: dict[str, Any], problems: list[Problem]) -> dict[str, Authenticator]:
    compilers = {mechanism.name: mechanism.compile for mechanism in MECHANISMS}
    identities: dict[str, Authenticator] = {}
    for name, entry in config.identity.items():
        path: Path = ("identity", name, entry.mechanism)
        compiler = partial(compilers[entry.mechanism], name, entry.settings, services)
        authenticator = _attempt(problems, path, compiler)
        if authenticator is not None:
            identities[name] = authenticator
    return identities


def _outgoing(config: Gateway, services: dict[str, Any], problems: list[Problem]) -> dict[str, Sequence[PhasedStep]]:
    """What each upstream asks for at the end of its routes."""
    steps: dict[str, Sequence[PhasedStep]] = {}
    for name, settings in config.upstreams.items():
        context = OutgoingContext(name, settings, services)
        for key, compiler in OUTGOING.items():
            if getattr(settings, key) is not None:
                compiled = _attempt(problems, ("upstreams", name, key), partial(compiler, context)) or ()
                steps[name] = (*steps.get(name, ()), *compiled)
    return steps


def _decision_points(
    config: Gateway,
    outgoing: Mapping[str, Sequence[PhasedStep]],
    services: Mapping[str, Any],
    current: Compiled | None,
    problems: list[Problem],
) -> dict[str, DecisionPoint]:
    """Their code is imported where there are any."""
    if not config.authorization.decision_points:
        return {}
    from hotgate.runtime.compiling.compile_decision_points import compile_decision_points  # noqa: PLC0415

    return compile_decision_points(
        config, services["upstreams"], outgoing, services, current, lambda *problem: problems.append(Problem(*problem))
    )


def _with_places(
    outgoing: Mapping[str, Sequence[PhasedStep]], upstreams: Mapping[str, Upstream]
) -> dict[str, Sequence[PhasedStep]]:
    """And the place with each upstream that counts them: taken last of all, when the request is ready to go."""
    steps = dict(outgoing)
    for name, upstream in upstreams.items():
        if upstream.places is not None:
            steps[name] = (*steps.get(name, ()), *upstream_steps(name, upstream.places))
    return steps


def _patterns(settings: RouteSettings, versioned: VersionedPatterns) -> list[tuple[RoutePattern, str]]:
    match = settings.match
    plain = RoutePattern(
        settings.name,
        hosts=match.hosts,
        path=match.path,
        methods=frozenset(match.methods),
        headers=_conditions(match.headers),
        query=_conditions(match.query),
    )
    return versioned.of(settings, plain)


def _parameters(settings: RouteSettings) -> tuple[str, ...]:
    names = tuple(part[1:-1] for part in settings.match.path.split("/") if part.startswith("{"))
    return names if settings.policy("version") is None else tuple(name for name in names if name != "version")


def _conditions(wanted: Mapping[str, str]) -> tuple[tuple[str, str | None], ...]:
    return tuple((name, None if value == "*" else value) for name, value in wanted.items())


def _table(config: Gateway, entries: list[Entry], problems: list[Problem]) -> RouteTable[Route] | None:
    try:
        return RouteTable(entries)
    except AmbiguousRoutes as error:
        problems += [Problem(path, message) for path, message in ambiguous_places(config, error)]
        return None


def _listeners(config: Gateway, services: Mapping[str, Any], problems: list[Problem]) -> dict[str, ListenerRules]:
    rules = {}
    for index, settings in enumerate(config.listeners):
        compiled = _attempt(problems, ("listeners", index, "tls"), partial(compile_listener, settings, services))
        if compiled is not None:
            rules[settings.name] = compiled
    return rules


def _snapshot(
    config: Gateway, table: RouteTable[Route], listeners: Mapping[str, ListenerRules], unmatched: Route
) -> Snapshot:
    limits = config.limits
    rules = RequestRules(
        RequestLimits(
            max_head_bytes=limits.max_header_bytes,
            max_target_bytes=limits.max_target,
            max_fields=limits.max_headers,
            max_pipelined=limits.max_pipelined,
        ),
        refuse_underscores=config.underscore_headers == "refuse",
        dotted_headers=config.dotted_headers,
        keep_encoded_slashes=config.encoded_slashes == "keep",
        read_fields=frozenset({EXPLAIN_FIELD}) if config.admin.explain else frozenset(),
    )
    return Snapshot(
        table=table,
        unmatched=unmatched,
        rules=rules,
        timeouts=ClientTimeouts(
            first_byte=limits.first_byte_timeout,
            head=limits.header_timeout,
            idle=limits.keep_alive,
            body=limits.body_idle,
            grace=limits.rate_grace,
            body_rate=limits.min_body_rate,
            read_rate=limits.min_read_rate,
            handshake=limits.tls_handshake,
        ),
        listeners=listeners,
        max_connections=limits.max_connections,
        max_connections_per_address=limits.max_connections_per_address,
        max_requests=limits.max_requests_per_connection,
        request_buffer=limits.request_buffer,
    )
