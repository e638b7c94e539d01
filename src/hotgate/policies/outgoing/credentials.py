"""`upstreams.*.credentials`: who the gateway says it is to a backend. One way for each upstream."""

from collections.abc import Callable, Sequence
from typing import Any

from hotgate.pipeline.outgoing import OutgoingContext
from hotgate.pipeline.policy import PhasedStep
from hotgate.policies.outgoing.aws import aws_sigv4_steps
from hotgate.policies.outgoing.callers_tokens import token_exchange_steps
from hotgate.policies.outgoing.constant import api_key_steps, basic_steps, bearer_steps
from hotgate.policies.outgoing.gateways_token import client_credentials_steps

# By the key of the file: the steps for its settings.
_WAYS: dict[str, Callable[[Any, OutgoingContext], Sequence[PhasedStep]]] = {
    "api_key": api_key_steps,
    "basic": basic_steps,
    "bearer": bearer_steps,
    "aws_sigv4": aws_sigv4_steps,
    "client_credentials": client_credentials_steps,
    "token_exchange": token_exchange_steps,
}


def compile_outgoing(context: OutgoingContext) -> Sequence[PhasedStep]:
    """The steps of the one way that is given. Raises ValueError for what cannot work."""
    for name, steps in _WAYS.items():
        settings = getattr(context.settings.credentials, name)
        if settings is not None:
            return steps(settings, context)
    raise ValueError("no way to show a credential is given")
