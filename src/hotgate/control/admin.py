"""The admin interface: health, readiness and metrics for everybody who can connect, the API for who has a token."""

from collections.abc import Iterable, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from hotgate.control.admin_tokens import AdminTokens
from hotgate.control.administration import Administration
from hotgate.control.api.application import api_application, problem_of
from hotgate.control.bearer_authentication import BearerAuthentication
from hotgate.control.failure_window import FailureWindow
from hotgate.control.gateway_state import GatewayState
from hotgate.control.known_hosts import KnownHosts
from hotgate.control.security_fields import SecurityFields
from hotgate.keys.key_ring import JWKS_MEDIA_TYPE


def admin_application(
    administration: Administration, tokens: AdminTokens, host_names: Iterable[str] = (), *, open_metrics: bool = True
) -> Starlette:
    """The ASGI application. host_names: names besides addresses and localhost that a Host field may have."""
    door = [Middleware(BearerAuthentication, tokens=tokens, failures=FailureWindow())]
    routes = [
        *_pages(administration.state, before_metrics=[] if open_metrics else door),
        Mount("/api", api_application(administration), middleware=door),
    ]
    application = Starlette(
        routes=routes,
        middleware=[Middleware(SecurityFields), Middleware(KnownHosts, names=host_names)],
        exception_handlers={HTTPException: problem_of},
    )
    application.router.redirect_slashes = False
    return application


def _pages(state: GatewayState, before_metrics: Sequence[Middleware]) -> list[Route]:
    """What programs ask for: probes of the platform, Prometheus, and backends that verify assertions."""

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

    async def jwks(_request: Request) -> Response:
        """The public keys that verify assertions: nothing about them is secret."""
        return Response(state.jwks(), media_type=JWKS_MEDIA_TYPE)

    return [
        Route("/.well-known/jwks.json", jwks),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics, middleware=before_metrics),
    ]
