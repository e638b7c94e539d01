"""The loop: plain callables in a flat list. A policy never calls the next one and never writes to a socket."""

from collections.abc import Awaitable

from hotgate.http.response import Response
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.route import Outcome, Step


class Suspended:
    """A step returned an awaitable. Await `outcome`, then go on at step `resume_at` if it gives None."""

    __slots__ = ("outcome", "resume_at")

    def __init__(self, outcome: Awaitable[Outcome], resume_at: int) -> None:
        self.outcome = outcome
        self.resume_at = resume_at


def run(steps: tuple[Step, ...], exchange: Exchange, start: int, stop: int) -> Response | Suspended | None:
    """Run steps[start:stop] until one answers or must wait. Whatever a step raises is raised: the caller denies."""
    for index in range(start, stop):
        outcome = steps[index](exchange)
        if outcome is not None:
            if isinstance(outcome, Response):
                return outcome
            return Suspended(outcome, index + 1)
    return None
