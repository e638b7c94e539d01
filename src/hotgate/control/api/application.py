"""The ASGI application of `/api/`: every endpoint, and the document that describes them."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import cache
from http import HTTPStatus
from typing import Any

from pydantic import RootModel
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hotgate import __version__
from hotgate.control.administration import Administration
from hotgate.control.api import (
    bans,
    consumers,
    explain,
    gateway,
    keys,
    limits,
    quotas,
    releases,
    revocations,
    sessions,
    versions,
)
from hotgate.control.api.endpoint import Answer, Call, Endpoint
from hotgate.control.api.input import Nothing
from hotgate.control.api.openapi import openapi
from hotgate.control.problem import Problem


class Document(RootModel[dict[str, Any]]):
    """An OpenAPI document."""


async def get_openapi(_call: Call, _: Nothing) -> Answer:
    """What this API takes and answers."""
    return Answer(200, Document(document()))


ENDPOINTS: Sequence[Endpoint] = (
    *consumers.ENDPOINTS,
    *keys.ENDPOINTS,
    *revocations.ENDPOINTS,
    *sessions.ENDPOINTS,
    *bans.ENDPOINTS,
    *limits.ENDPOINTS,
    *quotas.ENDPOINTS,
    *releases.ENDPOINTS,
    *versions.ENDPOINTS,
    *explain.ENDPOINTS,
    *gateway.ENDPOINTS,
    Endpoint(
        "get-openapi",
        "GET",
        "/v1/openapi.json",
        "This API as an OpenAPI 3.1 document.",
        get_openapi,
        {200: Document},
        needs_store=False,
    ),
)


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document of all of them."""
    return openapi(ENDPOINTS, __version__)


def api_application(administration: Administration) -> Starlette:
    """To be mounted at /api, behind the token."""
    application = Starlette(routes=list(_routes(administration)), exception_handlers={HTTPException: problem_of})
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
