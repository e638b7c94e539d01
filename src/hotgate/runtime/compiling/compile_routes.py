"""The routes of the file, each with the patterns under which the route table finds it."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from hotgate.config.gateway import Gateway
from hotgate.config.routes import Route as RouteSettings
from hotgate.observe.metrics import WorkerMetrics
from hotgate.pipeline.decision import Path
from hotgate.pipeline.policy import Authenticator, CompileContext, PhasedStep
from hotgate.pipeline.route import Route
from hotgate.routing.pattern import RoutePattern
from hotgate.runtime.compiling.compile_release import outgoing_steps
from hotgate.runtime.compiling.compile_route import compile_route
from hotgate.runtime.compiling.compile_versions import VersionedPatterns
from hotgate.runtime.compiling.problems import Problems
from hotgate.upstream.upstream import Upstream


class RouteCompiler:
    """For all routes of a file. outgoing: what each upstream asks for itself."""

    def __init__(
        self,
        config: Gateway,
        metrics: WorkerMetrics,
        *,
        identities: Mapping[str, Authenticator],
        services: Mapping[str, Any],
        upstreams: Mapping[str, Upstream],
        outgoing: Mapping[str, Sequence[PhasedStep]],
    ) -> None:
        self._config = config
        self._metrics = metrics
        self._identities = identities
        self._services = services
        self._upstreams = upstreams
        self._outgoing = outgoing

    def compile(self, problems: Problems) -> Iterator[tuple[RoutePattern, Route]]:
        """All that can be compiled, and the refusals of versions that nobody has."""
        versioned = VersionedPatterns(self._config.apis)
        for index, settings in enumerate(self._config.routes):
            path = ("routes", index, "match", "path")
            patterns = problems.attempt(path, partial(_patterns, settings, versioned))
            route = self._route(index, settings, problems)
            if patterns is not None and route is not None:
                for pattern, version in patterns:
                    yield pattern, route.serving(version) if version else route
        yield from versioned.refusals(self._metrics)

    def _route(self, index: int, settings: RouteSettings, problems: Problems) -> Route | None:
        upstream = settings.upstream or ""
        context = CompileContext(
            settings.name,
            self._identities,
            self._services,
            upstream,
            outgoing_steps(settings, self._outgoing),
            tuple(settings.match.hosts),
            _parameters(settings),
            settings.metadata,
            ("routes", index),
            settings.public,
        )
        wrong: list[tuple[Path, str]] = []
        recorder = self._metrics.route(settings.name, upstream)
        route = compile_route(settings, context, self._upstreams.get(upstream), recorder, wrong)
        for path, message in wrong:
            problems.report(path, message)
        return None if wrong else route


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
