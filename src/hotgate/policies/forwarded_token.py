"""`forward` of introspection and logins: the backend gets another token than the client has sent, if it has any."""

from hotgate.http.headers import Field
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import PhasedStep

_FIELD = b"authorization"


def forwarding_step() -> PhasedStep:
    """For routes of such entries. Nobody's own field of that name passes, even where the token stood elsewhere."""
    return PhasedStep(Phase.SHAPE, _forward, owned_fields=frozenset({_FIELD}))


def _forward(exchange: Exchange) -> None:
    principal = exchange.principal
    field: Field | None = None if principal is None else principal.forwarded
    if field is not None:
        headers = exchange.request.headers
        headers.fields = [each for each in headers.fields if each[0] != _FIELD]
        headers.fields.append(field)
