"""`buffer_body: 1MiB`: requests of the route go to the backend once their body is here as a whole.

A client that sends slowly then occupies its own connection and this memory, and neither a place of the upstream nor a
connection to it. It is waited for after all that refuses, so that nobody fills memory who would be turned away.
"""

from typing import Annotated

from pydantic import Field

from hotgate.config.units import SizeBetween
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import CompileContext, PhasedStep, PolicySpec

_KEY = "buffer_body"

Size = Annotated[
    Annotated[int, SizeBetween("1", "64MiB")],
    Field(
        description="The largest body that is kept in memory until it is whole; more is answered 413. Only then is a"
        " place of the upstream or a connection to it taken, so that slow clients occupy neither. What bounds the"
        " number of such bodies is `concurrency` of the route. nginx: `proxy_request_buffering`, Envoy: the buffer"
        " filter. Not set: bodies stream."
    ),
]


def compile_buffer_body(size: int, context: CompileContext) -> list[PhasedStep]:
    """One step, which needs the body and does nothing with it."""
    return [PhasedStep(Phase.SHAPE, _is_here, body_limit=size)]


def _is_here(exchange: Exchange) -> None:
    """The body is."""


POLICY = PolicySpec(_KEY, Size, compile_buffer_body)
