"""After a 101: bytes from the client go to the backend as they are (RFC 9110 §7.8)."""

from typing import TYPE_CHECKING

from hotgate.edge.stage import Stage
from hotgate.http.response import Response

if TYPE_CHECKING:
    from hotgate.edge.backend_leg import BackendLeg
    from hotgate.edge.relay import Relay

TUNNEL_IDLE = 3600.0  # seconds without a byte either way


class Tunnel:
    """The consumer of what a client sends behind a handshake; until the backend agrees, no more of it is read."""

    __slots__ = ("_backend", "_held", "_relay")

    def __init__(self, relay: "Relay") -> None:
        self._relay = relay
        self._backend: BackendLeg | None = None
        self._held = relay.incoming.take_buffer()

    def open(self, backend: "BackendLeg") -> None:
        """The backend has agreed."""
        self._backend = backend
        if self._held:
            backend.send_data(bytes(self._held))
            self._held.clear()
        self._relay.downstream.resume_reading()

    def on_request_data(self, data: bytes) -> None:
        if self._backend is None:
            self._held += data
            self._relay.downstream.pause_reading()
        else:
            self._backend.send_data(data)
            self._relay.wait(Stage.TUNNEL, TUNNEL_IDLE)

    def on_request_end(self) -> None:
        """A tunnel ends with its connections."""

    def on_request_broken(self, refusal: Response) -> None:
        """Nothing is parsed in a tunnel, so nothing can be malformed."""
