"""Protected resources (RFC 9728): the paths of their metadata, as routes beside those of the file, and what challenges
of their routes point to. It costs other requests nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hotgate.config.gateway import Gateway
from hotgate.config.routes import Route as RouteSettings
from hotgate.keys.key_ring import RingHolder
from hotgate.observe.metrics import WorkerMetrics
from hotgate.pipeline.gateway_endpoint import GatewayEndpoint
from hotgate.pipeline.route import Route, Step
from hotgate.policies.metadata_answers import METHODS, IssuerMetadataAnswer, SignedMetadata, answering
from hotgate.policies.protected_resource import ProtectedResource
from hotgate.routing.pattern import RoutePattern
from hotgate.runtime.compiling.endpoint_route import endpoint_route
from hotgate.runtime.compiling.resource_metadata import authorization_servers, metadata_members

Wrong = Callable[[tuple[str | int, ...], str], None]

_KEY = "protected_resource"
_AUTHORIZATION_SERVER = "/.well-known/oauth-authorization-server"  # RFC 8414 §3, for an issuer without path


def challenge_parameter(settings: RouteSettings) -> bytes:
    """What challenges of a route have besides (RFC 9728 §5.1); b"" where nothing says where its metadata is."""
    resource: ProtectedResource | None = settings.policy(_KEY)
    return b"" if resource is None else b'resource_metadata="%b"' % resource.metadata_url.encode("ascii")


def resource_names(config: Gateway) -> list[str]:
    """What the endpoints of resources are called in logs and metrics: after the first of their routes."""
    return [each.name for each in _resources(config)]


def resource_routes(
    config: Gateway, services: Mapping[str, Any], metrics: WorkerMetrics, wrong: Wrong
) -> Iterator[tuple[RoutePattern, Route]]:
    """The metadata of every resource, and where it is wished that of its authorization server.

    wrong: is told of what makes no sense, with its key.
    """
    proxied: dict[str, str] = {}
    for resource in _resources(config):
        if reason := _refusal(resource, config):
            wrong(resource.key, reason)
            continue
        settings = resource.settings
        answer = _answer(settings, metadata_members(settings, config, resource.routes), services)
        for host in resource.hosts:
            yield _endpoint(resource.name, host, settings.path, answer, metrics)
        if settings.authorization_server_metadata is not None:
            (issuer,) = authorization_servers(settings, config, resource.routes)
            answer = IssuerMetadataAnswer(issuer, services.get("ask"))
            for host in resource.hosts:
                if host not in proxied:
                    yield _endpoint(resource.name, host, _AUTHORIZATION_SERVER, answer, metrics)
                if proxied.setdefault(host, issuer) != issuer:
                    wrong(resource.key, "the metadata of another authorization server stands in this place already")


def _answer(settings: ProtectedResource, members: dict[str, Any], services: Mapping[str, Any]) -> Step:
    if not settings.signed_metadata:
        return answering(members)
    return SignedMetadata(members, services.get("assertion_issuer", ""), services.get("signing", RingHolder()))


@dataclass(frozen=True, slots=True)
class _Resource:
    """What the routes with the same `resource` are together. index: of the first of them."""

    index: int
    routes: list[RouteSettings]

    @property
    def key(self) -> tuple[str | int, ...]:
        return ("routes", self.index, _KEY)

    @property
    def name(self) -> str:
        return f"resource:{self.routes[0].name}"  # no route of a file can have this name

    @property
    def settings(self) -> ProtectedResource:
        settings: ProtectedResource = self.routes[0].policy(_KEY)
        return settings

    @property
    def hosts(self) -> list[str]:
        """The resource's own, and those of the routes, for a proxy may have changed it; "" for any."""
        hosts = [host.lower() for route in self.routes for host in route.match.hosts or ("",)]
        return list(dict.fromkeys([self.settings.host, *hosts]))


def _resources(config: Gateway) -> list[_Resource]:
    found: dict[str, _Resource] = {}
    for index, route in enumerate(config.routes):
        settings: ProtectedResource | None = route.policy(_KEY)
        if settings is not None and not route.public:  # a public one may have inherited it
            found.setdefault(settings.resource, _Resource(index, [])).routes.append(route)
    return list(found.values())


def _refusal(resource: _Resource, config: Gateway) -> str:
    settings = resource.settings
    servers = authorization_servers(settings, config, resource.routes)
    if any(route.policy(_KEY) != settings for route in resource.routes):
        return "another route says something else about the same resource; a profile can hold what they share"
    if not servers:
        return "no entry in `authenticate` has an issuer that is an https address: name `authorization_servers`"
    if settings.authorization_server_metadata is not None and len(servers) > 1:
        return "`authorization_server_metadata` needs one authorization server: there is one place for it"
    return ""


def _endpoint(name: str, host: str, path: str, answer: Step, metrics: WorkerMetrics) -> tuple[RoutePattern, Route]:
    pattern = RoutePattern(name, hosts=(host,) if host else (), path=path, methods=METHODS)
    return pattern, endpoint_route(name, GatewayEndpoint(path, METHODS, answer), metrics)
