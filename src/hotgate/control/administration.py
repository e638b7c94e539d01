"""What the admin API works on."""

from dataclasses import dataclass

from hotgate.control.gateway_state import GatewayState


@dataclass(frozen=True, slots=True)
class Administration:
    """state: of the gateway."""

    state: GatewayState
