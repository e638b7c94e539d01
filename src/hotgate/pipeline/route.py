"""A route, compiled: everything a request needs once its path is known, decided when the configuration was loaded."""

from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from typing import Any

from hotgate.http.response import Response
from hotgate.pipeline.decision import StepLabel
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.route_priority import RoutePriority

Outcome = Response | None
Step = Callable[[Exchange], Outcome | Awaitable[Outcome]]


class Route:
    """name: as in the file. before: the steps of admit to shape, in order. after: the `respond` steps, in order.

    finish: called when the answer is over; what they return is ignored. labels: whose each step of `before` is.
    body_step: index in `before` at which the whole body must be there, or -1; body_limit: its largest size in bytes
    then. place_step: index of the first step that waits for the beginning of the body; the number of steps, if none
    does. max_body: the largest request body. copied_body: the largest that is copied while it passes, or -1.
    owned_fields: request fields that clients cannot send as trailers, because policies set or remove them.

    challenge_parameter: what challenges for tokens have besides, whoever makes them; b"" for nothing.

    tells_identity: whether the backend gets the principal's fields. priority: of its requests, when not all can be
    served.

    target: the upstream that answers when no step did. recorder: the route's metrics. version: of its API, if it has
    one, as `config.apis.plain_version` has it.
    """

    __slots__ = (
        "after",
        "before",
        "body_limit",
        "body_step",
        "challenge_parameter",
        "copied_body",
        "finish",
        "labels",
        "max_body",
        "name",
        "owned_fields",
        "place_step",
        "priority",
        "recorder",
        "target",
        "tells_identity",
        "version",
    )

    def __init__(
        self,
        name: str,
        *,
        before: Sequence[Step] = (),
        after: Sequence[Step] = (),
        finish: Sequence[Callable[[Exchange], object]] = (),
        labels: Sequence[StepLabel] = (),
        body_step: int = -1,
        body_limit: int = 0,
        place_step: int | None = None,
        max_body: int = 10 * 1024 * 1024,
        copied_body: int = -1,
        owned_fields: frozenset[bytes] = frozenset(),
        challenge_parameter: bytes = b"",
        tells_identity: bool = True,
        priority: RoutePriority | None = None,
        target: Any = None,
        recorder: Any = None,
    ) -> None:
        self.name = name
        self.before = tuple(before)
        self.after = tuple(after)
        self.finish = tuple(finish)
        self.labels = tuple(labels)
        self.body_step = body_step
        self.body_limit = body_limit
        self.place_step = len(self.before) if place_step is None else place_step
        self.max_body = max_body
        self.copied_body = copied_body
        self.owned_fields = owned_fields
        self.challenge_parameter = challenge_parameter
        self.tells_identity = tells_identity
        self.priority = priority or RoutePriority()
        self.target = target
        self.recorder = recorder
        self.version = ""

    def toward(self, target: Any) -> "Route":
        """The same route to another upstream."""
        twin = copy(self)
        twin.target = target
        return twin

    def serving(self, version: str) -> "Route":
        """The same route for one version of its API."""
        twin = copy(self)
        twin.version = version
        return twin
