"""The gateway's own paths, as routes beside those of the file: they cost other requests nothing."""

from collections.abc import Iterator, Mapping
from itertools import product

from hotgate.config.gateway import Gateway
from hotgate.observe.metrics import WorkerMetrics
from hotgate.pipeline.gateway_endpoint import GatewayEndpoint, HasEndpoints, route_name
from hotgate.pipeline.policy import Authenticator
from hotgate.pipeline.route import Route
from hotgate.routing.pattern import RoutePattern


def endpoint_routes(
    config: Gateway, identities: Mapping[str, Authenticator], metrics: WorkerMetrics
) -> Iterator[tuple[RoutePattern, Route]]:
    """Those of every entry that some route names, on the hosts of such routes."""
    for name, groups in _hosts_by_identity(config).items():
        authenticator = identities.get(name)
        if isinstance(authenticator, HasEndpoints):
            for endpoint, hosts in product(authenticator.endpoints, groups):
                pattern = RoutePattern(route_name(name), hosts=hosts, path=endpoint.path, methods=endpoint.methods)
                yield pattern, _route(name, endpoint, metrics)


def measured_routes(config: Gateway) -> list[str]:
    """The names under which requests are counted: routes, and entries that may have endpoints."""
    return [*(route.name for route in config.routes), *map(route_name, config.identity)]


def _hosts_by_identity(config: Gateway) -> dict[str, list[tuple[str, ...]]]:
    """Entry → the hosts of its routes, and () if one of them is for any host: that one is found last, everywhere."""
    named: dict[str, dict[str, None]] = {}
    anywhere: set[str] = set()
    for route in config.routes:
        for name in route.identities:
            named.setdefault(name, {}).update(dict.fromkeys(route.match.hosts))
            if not route.match.hosts:
                anywhere.add(name)
    return {name: [tuple(hosts)] * bool(hosts) + [()] * (name in anywhere) for name, hosts in named.items()}


def _route(identity: str, endpoint: GatewayEndpoint, metrics: WorkerMetrics) -> Route:
    return Route(
        route_name(identity),
        before=[endpoint.answer],
        body_step=0 if endpoint.max_body else -1,
        body_limit=endpoint.max_body,
        max_body=endpoint.max_body,
        recorder=metrics.route(route_name(identity)),
    )
