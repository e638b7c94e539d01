"""The route of a path that the gateway answers itself."""

from hotgate.observe.metrics import WorkerMetrics
from hotgate.pipeline.gateway_endpoint import GatewayEndpoint
from hotgate.pipeline.route import Route


def endpoint_route(name: str, endpoint: GatewayEndpoint, metrics: WorkerMetrics) -> Route:
    """name: for logs and metrics."""
    return Route(
        name,
        before=[endpoint.answer],
        body_step=0 if endpoint.max_body else -1,
        body_limit=endpoint.max_body,
        max_body=endpoint.max_body,
        recorder=metrics.route(name),
    )
