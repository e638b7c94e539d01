"""What the gateway shows to backends: `upstreams.*.credentials` and `sign`. Start reading at `credentials.py`.

Each key of an upstream that asks for something on every request to it has an entry in OUTGOING: a function from its
`OutgoingContext` to the steps that stand behind all others of a route, in this order (a signature covers credentials).
It raises ValueError for what cannot work. Their code is imported where an upstream has the key.
"""

from collections.abc import Callable, Sequence
from importlib import import_module

from hotgate.pipeline.outgoing import OutgoingContext
from hotgate.pipeline.policy import PhasedStep

Compiler = Callable[[OutgoingContext], Sequence[PhasedStep]]


def _compiler_of(module: str) -> Compiler:
    def compiled(context: OutgoingContext) -> Sequence[PhasedStep]:
        steps: Sequence[PhasedStep] = import_module(f"{__name__}.{module}").compile_outgoing(context)
        return steps

    return compiled


OUTGOING: dict[str, Compiler] = {"credentials": _compiler_of("credentials"), "sign": _compiler_of("signing")}
