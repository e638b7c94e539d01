"""`upstreams.*.sign`: whether a backend can tell that a request is the gateway's, and unchanged."""

from collections.abc import Sequence

from hotgate.pipeline.outgoing import OutgoingContext
from hotgate.pipeline.policy import PhasedStep
from hotgate.policies.outgoing.message_signature import message_step
from hotgate.policies.outgoing.webhook import webhook_step


def compile_outgoing(context: OutgoingContext) -> Sequence[PhasedStep]:
    """The step of the one way that is given. Raises ValueError for what cannot work."""
    settings = context.settings.sign
    if settings is None:
        return ()
    if settings.message is not None:
        return (message_step(settings.message, context),)
    return () if settings.webhook is None else (webhook_step(settings.webhook, context),)
