"""`mirror: {upstream: shadow}`: another upstream gets copies of requests. Nobody waits for them, whatever they meet.

The step stands behind all that changes the request, and before the route's own upstream adds its credentials. A copy is
sent in a task of its own when the request is complete; the client's exchange knows nothing of it.
"""

import asyncio
from collections.abc import Callable, MutableMapping
from functools import partial
from secrets import randbelow

from hotgate.http.headers import Field
from hotgate.pipeline.body_copy import BODY_COPY, BodyCopy
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import CompileContext, PhasedStep, PolicySpec, WrongSetting
from hotgate.policies.releases.copied_request import CopiedRequest
from hotgate.policies.releases.mirror_settings import MirrorSettings
from hotgate.upstream.side_call import SideCallFailed, SideRequest, side_call
from hotgate.upstream.upstream import Upstream

_FINENESS = 1_000_000
_MAX_ANSWER = 1024 * 1024  # bytes that are read and forgotten; a copy with a longer answer is given up
_WEBSOCKET = b"sec-websocket-key"


class Mirror:
    """copied: makes the copies. counts: of the worker, by "route result": `answered`, `failed`, `busy` (too many were
    under way) or `body` (too large, or broken off).
    """

    def __init__(
        self,
        settings: MirrorSettings,
        upstream: Upstream,
        route: str,
        copied: CopiedRequest,
        counts: MutableMapping[str, int],
    ) -> None:
        self._settings = settings
        self._upstream = upstream
        self._route = route
        self._counts = counts
        self._methods = frozenset(settings.methods)
        self._copied = copied
        self._under_way: set[asyncio.Task[None]] = set()
        self._waiting = 0  # copies whose body is not complete

    def copy(self, exchange: Exchange) -> None:
        """Have a copy sent, if this request is one of those."""
        body = exchange.state.get(BODY_COPY)
        if self._is_copied(exchange):
            self._copy(exchange, body)
        elif body is not None:
            body.drop()

    def give_up(self, exchange: Exchange) -> None:
        """The exchange is over: a body that is not there by now never will be."""
        body = exchange.state.get(BODY_COPY)
        if body is not None and body.is_wanted:
            self._waiting -= 1
            self._count("body")
            body.drop()

    def _is_copied(self, exchange: Exchange) -> bool:
        request = exchange.request
        is_wanted = request.method in self._methods and _WEBSOCKET not in request.headers
        return is_wanted and randbelow(_FINENESS) < self._settings.share * _FINENESS

    def _copy(self, exchange: Exchange, body: BodyCopy | None) -> None:
        collected = exchange.request.body  # a policy had all of it, and may have changed it
        send = partial(self._send, exchange, exchange.request.method, *self._copied.of(exchange))
        if collected is not None and body is not None:
            body.drop()
        if collected is not None and len(collected) > self._settings.max_body:
            self._count("body")
        elif collected is not None or body is None:
            send(collected or b"")
        elif body.data is None:
            self._count("body")
        elif self._waiting >= self._settings.max_concurrent:  # clients that send slowly must not fill the memory
            self._count("busy")
            body.drop()
        else:
            self._waiting += 1
            body.when_whole(partial(self._send_whole, send))

    def _send_whole(self, send: Callable[[bytes], None], body: bytes) -> None:
        self._waiting -= 1
        send(body)

    def _send(self, exchange: Exchange, method: str, target: bytes, fields: list[Field], body: bytes) -> None:
        if len(self._under_way) >= self._settings.max_concurrent:
            self._count("busy")
            return
        wanted = SideRequest(
            method,
            target,
            fields,
            body,
            self._settings.timeout,
            max_answer=_MAX_ANSWER,
            keeps_answer=False,
            is_repeatable=False,
        )
        task = asyncio.get_running_loop().create_task(self._sent(exchange, wanted))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _sent(self, exchange: Exchange, request: SideRequest) -> None:
        try:
            await side_call(self._upstream, exchange, request)
        except SideCallFailed:
            self._count("failed")
        else:
            self._count("answered")

    def _count(self, result: str) -> None:
        name = f"{self._route} {result}"
        self._counts[name] = self._counts.get(name, 0) + 1


def compile_mirror(settings: MirrorSettings, context: CompileContext) -> list[PhasedStep]:
    """The step that copies, and the one that forgets. Raises ValueError."""
    if not context.upstream_name:
        raise ValueError("only a route with an `upstream` has requests to copy")
    upstream = context.services["upstreams"].get(settings.upstream)
    if upstream is None:  # it has been told of (`config/references.py`)
        return []
    if upstream.name == context.upstream_name:
        raise WrongSetting(("upstream",), "this is the route's own upstream, which would get everything twice")
    places = (source for identity in context.identities.values() for source in identity.sources)
    copied = CopiedRequest(settings, context.route_name, places)
    mirror = Mirror(settings, upstream, context.route_name, copied, context.services.get("mirrored", {}))
    return [
        PhasedStep(Phase.SHAPE, mirror.copy, copied_body=settings.max_body),
        PhasedStep(Phase.FINISH, mirror.give_up),
    ]


POLICY = PolicySpec("mirror", MirrorSettings, compile_mirror, sees_last_form=True)
