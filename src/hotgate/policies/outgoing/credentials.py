"""`upstreams.*.credentials`: who the gateway says it is to a backend. One way for each upstream."""

from collections.abc import Sequence

from hotgate.pipeline.outgoing import OutgoingContext
from hotgate.pipeline.policy import PhasedStep
from hotgate.policies.outgoing.aws import aws_step
from hotgate.policies.outgoing.constant import api_key_step, basic_step, bearer_step


def compile_credentials(context: OutgoingContext) -> Sequence[PhasedStep]:
    """The steps of the one way that is given. Raises ValueError for what cannot work."""
    settings = context.settings.credentials
    if settings is None:
        return ()
    if settings.api_key is not None:
        return (api_key_step(settings.api_key),)
    if settings.basic is not None:
        return (basic_step(settings.basic),)
    if settings.bearer is not None:
        return (bearer_step(settings.bearer.token.reveal()),)
    if settings.aws_sigv4 is not None:
        return (aws_step(settings.aws_sigv4, context),)
    return ()
