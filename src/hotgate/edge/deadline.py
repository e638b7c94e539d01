"""What becomes of an exchange whose deadline has passed. The tick asks, so none of it is on the way of a request."""

from typing import TYPE_CHECKING

from hotgate.edge import answers
from hotgate.edge.stage import Stage
from hotgate.edge.tunnel import tunnel_of

if TYPE_CHECKING:
    from hotgate.edge.relay import Relay

_BACKEND_STAGES = (Stage.CONNECTION, Stage.ANSWER_HEAD, Stage.ANSWER_BODY, Stage.NEXT_TRY)


def expire(relay: "Relay", now: float) -> None:
    """Whoever was waited for is late."""
    stage, backend = relay.stage, relay.backend
    if stage is Stage.POLICY:
        relay.time_out_policy()
    elif backend is not None and (now >= backend.total_deadline or _waits_for_backend(relay)):
        backend.expire(stage, now)
    elif stage is Stage.TUNNEL:
        tunnel_of(relay.incoming).expire(now)
    elif stage is Stage.REFUSAL:
        relay.respond(relay.refusal)
    elif stage is Stage.CLIENT_BODY:
        relay.fail(answers.body_timeout())
    else:
        relay.time_out_client()


def _waits_for_backend(relay: "Relay") -> bool:
    """It may also be the backend who does not take the client's body."""
    return relay.stage in _BACKEND_STAGES or (relay.stage is Stage.CLIENT_BODY and relay.downstream.is_paused)
