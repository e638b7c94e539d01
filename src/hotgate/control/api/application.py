"""The ASGI application of `/api/`: every endpoint, and the document that describes them."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hotgate import __version__
from hotgate.control.administration import Administration
from hotgate.control.api import consumers, gateway, keys, revocations
from hotgate.control.api.endpoint import Endpoint
from hotgate.control.api.openapi import openapi
from hotgate.control.problem import Problem

ENDPOINTS: Sequence[Endpoint] = (
    *consumers.ENDPOINTS,
    *keys.ENDPOINTS,
    *revocations.ENDPOINTS,
    *gateway.ENDPOINTS,
)
DOCUMENT_PATH = "/v1/openapi.json"


def api_application(administration: Administration) -> Starlette:
    """To be mounted at /api, behind the token."""
    document = openapi(ENDPOINTS, __version__)

    async def serve_document(_request: Request) -> Response:
        return JSONResponse(document)

    routes = [*_routes(administration), Route(DOCUMENT_PATH, serve_document, methods=["GET"])]
    application = Starlette(routes=routes, exception_handlers={HTTPException: problem_of})
    application.router.redirect_slashes = False
    return application


def _routes(administration: Administration) -> Iterator[Route]:
    """One for each path, so that 405 names all methods of it."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for endpoint in ENDPOINTS:
        by_path.setdefault(endpoint.path, {})[endpoint.method] = endpoint
    for path, methods in by_path.items():
        yield Route(path, _dispatch(methods, administration), methods=list(methods))


def _dispatch(
    methods: Mapping[str, Endpoint], administration: Administration
) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        return await methods[method].serve(request, administration)

    return serve


async def problem_of(_request: Request, error: Exception) -> Response:
    """No such path (404), or no such method for it (405)."""
    assert isinstance(error, HTTPException)
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    headers = {**(error.headers or {}), "connection": "close"}  # a body that nobody reads may follow
    return Problem(error.status_code, code, "", headers=headers).response()
