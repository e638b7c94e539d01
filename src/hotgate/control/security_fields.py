"""Header fields that keep browsers from doing more with an answer than to show it."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_FIELDS = [
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
]


class SecurityFields:
    """ASGI middleware that adds them to every answer. No CORS field is ever among them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and add the fields to the head of the answer."""

        async def send_with_fields(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *_FIELDS]}
            await send(message)

        await self._app(scope, receive, send_with_fields)
