"""Routes of APIs with versions → patterns of the route table: one for each version, and one that refuses the rest.

Without the last, a request for a version that nobody has would fall through to a less specific route, and to policies
that were not meant for it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hotgate.config.apis import Api, plain_version
from hotgate.config.routes import Route as RouteSettings
from hotgate.http.headers import Field
from hotgate.http.response import Response
from hotgate.observe.metrics import WorkerMetrics
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.route import Route
from hotgate.policies.versions.version_facts import vary_fields
from hotgate.routing.path_shape import BadPattern
from hotgate.routing.pattern import RoutePattern
from hotgate.routing.version import VersionCondition, VersionReader
from hotgate.routing.version_places import AMBIGUOUS, NOTHING

_IN_PATH = "{version}"
_ANY = "*"  # a path that names a version which nobody has; no version has this name


def refusal_name(api: str) -> str:
    """What refusals are called in logs and metrics. No route of a file can have this name."""
    return f"api:{api}"


class VersionedPatterns:
    """Collects patterns route by route; afterwards `refusals` is known."""

    def __init__(self, apis: Mapping[str, Api]) -> None:
        self._apis = apis
        self._readers = {name: VersionReader(name, api) for name, api in apis.items()}
        self._places: dict[tuple[object, ...], _Place] = {}

    def of(self, settings: RouteSettings, plain: RoutePattern) -> list[tuple[RoutePattern, str]]:
        """Each pattern of a route and the plain version that it is for, "" if the route has none. Raises BadPattern."""
        version = settings.policy("version")
        api = None if version is None else self._apis.get(version.api)
        if version is None or api is None:
            return [(plain, "")]
        if _IN_PATH not in plain.path.split("/") and not api.by:
            raise BadPattern(
                f"nothing says which version: put {_IN_PATH} in the path, or `by` under `apis.{version.api}`"
            )
        wanted = version.only or tuple(api.versions)
        if _IN_PATH in plain.path.split("/"):
            self._note(version.api, plain, _ANY)
        return [(self._pattern(plain, version.api, api, name), plain_version(name)) for name in wanted]

    def _pattern(self, plain: RoutePattern, api_name: str, api: Api, version: str) -> RoutePattern:
        is_in_path = _IN_PATH in plain.path.split("/")
        path = "/".join(version if part == _IN_PATH else part for part in plain.path.split("/"))
        condition = VersionCondition(self._readers[api_name], version, is_silent=is_in_path or version == api.default)
        pattern = RoutePattern(
            plain.name, plain.hosts, path, plain.methods, plain.headers, plain.query, version=condition
        )
        self._note(api_name, pattern, condition.plain if is_in_path else "")
        return pattern

    def _note(self, api: str, pattern: RoutePattern, in_path: str) -> None:
        for host in pattern.hosts or ("",):
            key = (api, host, pattern.shape.segments, pattern.shape.has_rest)
            self._places.setdefault(key, _Place(api, host, pattern.path, in_path)).methods.append(pattern.methods)

    def refusals(self, metrics: WorkerMetrics) -> Iterator[tuple[RoutePattern, Route]]:
        """What is asked when no route is for the version that a request names."""
        for place in self._places.values():
            methods = frozenset[str]() if frozenset() in place.methods else frozenset[str]().union(*place.methods)
            name, hosts = refusal_name(place.api), (place.host,) if place.host else ()
            fields = tuple(vary_fields(self._apis[place.api]))
            refusal = VersionRefusal(self._readers[place.api], place.in_path, fields)
            pattern = RoutePattern(name, hosts=hosts, path=place.path, methods=methods)
            yield pattern, Route(name, before=[refusal], recorder=metrics.route(name))


@dataclass(slots=True)
class _Place:
    """A host ("": any) and a path where an API is. in_path: the plain version that the path names, "" or _ANY. methods:
    of each route there.
    """

    api: str
    host: str
    path: str
    in_path: str
    methods: list[frozenset[str]] = field(default_factory=list)


class VersionRefusal:
    """Says why. in_path: the plain version that the path names, "" or _ANY. fields: of every answer, for caches must
    not keep a 404 for who names another version (RFC 9110 §15.5.5).
    """

    def __init__(self, reader: VersionReader, in_path: str, fields: tuple[Field, ...]) -> None:
        self._reader = reader
        self._in_path = in_path
        self._fields = fields
        self._known = f"There are: {', '.join(reader.known.values())}."

    def __call__(self, exchange: Exchange) -> Response:
        """The problem, and what it depends on."""
        refusal = self._problem(exchange)
        refusal.headers.fields += self._fields
        return refusal

    def _problem(self, exchange: Exchange) -> Response:
        """A name in the wrong place or twice is the client's mistake (400), a media type that nobody has cannot be
        given (406, RFC 9110 §15.5.7), and a path that nobody has, or no version has, is not found (404).
        """
        if self._in_path == _ANY:
            return self._unknown(404)
        said = self._reader.said(exchange.request)
        if said == AMBIGUOUS or (said in self._reader.known and self._in_path not in ("", said)):
            return Response.problem(
                400, code="version-ambiguous", detail="The request names its version more than once, or cannot be read."
            )
        if said == NOTHING and not self._in_path:
            return Response.problem(400, code="version-missing", detail=f"Say which version. {self._known}")
        if said in self._reader.known or said == NOTHING:
            return Response.problem(404, code="version-not-offered", detail="This version does not have this.")
        return self._unknown(406 if self._reader.is_said_by_media_type(exchange.request) else 400)

    def _unknown(self, status: int) -> Response:
        return Response.problem(status, code="version-unknown", detail=f"There is no such version. {self._known}")
