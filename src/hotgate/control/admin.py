"""The admin interface: health, readiness, metrics and status. It only answers questions, for it has no login yet."""

from collections.abc import Iterable

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hotgate.control.gateway_state import GatewayState
from hotgate.control.known_hosts import KnownHosts
from hotgate.control.security_fields import SecurityFields
from hotgate.keys.key_ring import JWKS_MEDIA_TYPE


def admin_application(state: GatewayState, host_names: Iterable[str] = ()) -> Starlette:
    """The ASGI application. host_names: names besides addresses and localhost that a Host field may have."""

    async def healthz(_request: Request) -> Response:
        """The control process lives."""
        return JSONResponse({"status": "ok"})

    async def readyz(_request: Request) -> Response:
        """200 when every worker serves the current configuration, else 503 and why not."""
        reasons = state.not_ready()
        if reasons:
            return JSONResponse({"status": "not ready", "reasons": reasons}, status_code=503)
        return JSONResponse({"status": "ready"})

    async def metrics(_request: Request) -> Response:
        """The metrics of all workers together."""
        page, content_type = await state.exposition()
        return Response(page, headers={"content-type": content_type})

    async def status(_request: Request) -> Response:
        """What operators want to see first."""
        return JSONResponse(state.status())

    async def jwks(_request: Request) -> Response:
        """The public keys that verify assertions: nothing about them is secret."""
        return Response(state.jwks(), media_type=JWKS_MEDIA_TYPE)

    routes = [
        Route("/.well-known/jwks.json", jwks),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
        Route("/api/v1/status", status),
    ]
    return Starlette(routes=routes, middleware=[Middleware(SecurityFields), Middleware(KnownHosts, names=host_names)])
