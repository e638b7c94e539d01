"""What the gateway shows to backends: `upstreams.*.credentials` and `sign`. Start reading at `credentials.py`.

Each key of an upstream that asks for something on every request to it has an entry in OUTGOING: a function from its
`OutgoingContext` to the steps that stand behind all others of a route, in this order (a signature covers credentials).
It raises ValueError for what cannot work.
"""

from collections.abc import Callable, Sequence

from hotgate.pipeline.outgoing import OutgoingContext
from hotgate.pipeline.policy import PhasedStep
from hotgate.policies.outgoing.credentials import compile_credentials
from hotgate.policies.outgoing.signing import compile_signing

OUTGOING: dict[str, Callable[[OutgoingContext], Sequence[PhasedStep]]] = {
    "credentials": compile_credentials,
    "sign": compile_signing,
}
