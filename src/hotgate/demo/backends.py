"""A backend of the demo: it answers every request with what it saw of it."""

import json

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def backend(name: str) -> Starlette:
    """The application. name: what it calls itself."""

    async def echo(request: Request) -> Response:
        seen = {"method": request.method, "path": request.url.path, "headers": dict(request.headers)}
        text = json.dumps({"backend": name, "saw": seen}, indent=2)  # indented, for people read it
        return Response(text + "\n", media_type="application/json")

    return Starlette(routes=[Route("/{path:path}", echo)])
