"""The gateway's own paths, as routes beside those of the file: they cost other requests nothing."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from hotgate.config.gateway import Gateway
from hotgate.observe.metrics import WorkerMetrics
from hotgate.pipeline.gateway_endpoint import HasEndpoints, events_name, route_name
from hotgate.pipeline.policy import Authenticator
from hotgate.pipeline.route import Route
from hotgate.routing.pattern import RoutePattern
from hotgate.runtime.compiling.compile_resources import resource_names
from hotgate.runtime.compiling.compile_versions import refusal_name
from hotgate.runtime.compiling.endpoint_route import endpoint_route


def endpoint_routes(
    config: Gateway, identities: Mapping[str, Authenticator], metrics: WorkerMetrics
) -> Iterator[tuple[RoutePattern, Route]]:
    """Those of every entry that some route names, on the hosts of such routes."""
    for name, groups in _hosts_by_identity(config).items():
        authenticator = identities.get(name)
        if isinstance(authenticator, HasEndpoints):
            for endpoint, hosts in product(authenticator.endpoints, groups):
                pattern = RoutePattern(route_name(name), hosts=hosts, path=endpoint.path, methods=endpoint.methods)
                yield pattern, endpoint_route(route_name(name), endpoint, metrics)


def receiver_route(
    name: str, config: Gateway, services: Mapping[str, Any], metrics: WorkerMetrics
) -> tuple[RoutePattern, Route]:
    """That of an entry of `security_events`, on its hosts. Raises ValueError where it could end nothing."""
    from hotgate.policies.security_events.receivers import receiver  # noqa: PLC0415 (where there is one)

    endpoint, hosts = receiver(name, config, services), config.security_events[name].hosts
    pattern = RoutePattern(events_name(name), hosts=hosts, path=endpoint.path, methods=endpoint.methods)
    return pattern, endpoint_route(events_name(name), endpoint, metrics)


def measured_routes(config: Gateway) -> list[str]:
    """The names under which requests are counted: routes, refusals of versions, and what else may have endpoints:
    entries, resources, receivers of events."""
    routes = (route.name for route in config.routes)
    events = map(events_name, config.security_events)
    apis = map(refusal_name, config.apis)
    return [*routes, *apis, *map(route_name, config.identity), *resource_names(config), *events]


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
