"""After a 101: bytes pass both ways as they are (RFC 9110 §7.8), until either side ends it or the gateway goes down.

Only where frames end is followed, from the backend to the client, so that a client can be told to go: a Close frame in
the middle of another would be garbage. It is told once, at a random moment of the drain, so that not all come back at
once; what the backend sends after that is dropped, for nothing may follow a Close frame (RFC 6455 §5.5.1).
"""

import random
from typing import TYPE_CHECKING

from hotgate.edge.incoming import Incoming
from hotgate.edge.stage import NEVER, Stage
from hotgate.edge.websocket_frames import GOING_AWAY, NO_LONGER_ALLOWED, FrameBoundaries
from hotgate.http.response import Response
from hotgate.identity.principal import Principal

if TYPE_CHECKING:
    from hotgate.edge.backend_leg import BackendLeg
    from hotgate.edge.relay import Relay

TUNNEL_IDLE = 3600.0  # seconds without a byte either way
_SPREAD = 0.8  # of the drain in which clients are told to go; the rest is for them to say goodbye
_FAREWELL = 2.0  # seconds for a client to answer, and for its backend to hang up


class Tunnel:
    """The consumer of what a client sends behind a handshake; until the backend agrees, no more of it is read."""

    __slots__ = (
        "__weakref__",
        "_backend",
        "_farewell",
        "_frames",
        "_has_said_goodbye",
        "_held",
        "_is_leaving",
        "_is_revoked",
        "_leave_at",
        "_relay",
    )

    def __init__(self, relay: "Relay") -> None:
        self._relay = relay
        self._backend: BackendLeg | None = None
        self._held = relay.incoming.take_buffer()
        self._frames = FrameBoundaries()
        self._leave_at = NEVER
        self._farewell = GOING_AWAY
        self._is_leaving = self._is_revoked = self._has_said_goodbye = False

    @property
    def principal(self) -> Principal | None:
        """Who was let in, by the handshake."""
        return self._relay.exchange.principal

    def open(self, backend: "BackendLeg") -> None:
        """The backend has agreed."""
        self._backend = backend
        if self._held:
            backend.send_data(bytes(self._held))
            self._held.clear()
        self._relay.stage = Stage.TUNNEL
        self._relay.context.tunnels.add(self)
        self._relay.downstream.resume_reading()
        self._wait()
        if self._relay.context.draining:
            self.drain()

    def on_request_data(self, data: bytes) -> None:
        if self._backend is None:
            self._held += data
            self._relay.downstream.pause_reading()
        elif not self._is_revoked:
            self._backend.send_data(data)
            self._wait()

    def on_request_end(self) -> None:
        """A tunnel ends with its connections."""

    def on_request_broken(self, refusal: Response) -> None:
        """Nothing is parsed in a tunnel, so nothing can be malformed."""

    def on_answer_data(self, data: bytes) -> None:
        """More from the backend: for the client, as far as that may still hear it."""
        if self._has_said_goodbye:
            return
        self._wait()
        frames, position = self._frames, 0
        while position < len(data) and not (self._is_leaving and frames.is_between):
            position = frames.step(data, position)
        self._relay.on_answer_data(data[:position] + self._goodbye() if self._is_leaving else data)

    def drain(self) -> None:
        """The gateway goes down: choose when to tell the client."""
        if self._backend is not None and self._leave_at == NEVER:
            context = self._relay.context
            share = random.uniform(0.0, _SPREAD)  # noqa: S311 (spreads load, guards nothing)
            self._leave_at = context.now + share * (context.drained_at - context.now)
            self._wait()

    def revoke(self) -> None:
        """Who was let in is no longer: nothing of theirs passes any more, and they have a moment to say goodbye."""
        if self._is_revoked or self._relay.stage is not Stage.TUNNEL:
            return
        self._is_revoked = self._is_leaving = True
        self._farewell = NO_LONGER_ALLOWED
        self._relay.on_answer_data(self._goodbye())
        self._wait()

    def expire(self, now: float) -> None:
        """The relay's deadline has passed."""
        if self._has_said_goodbye:
            self._relay.on_answer_end(())
        elif now >= self._leave_at and not self._is_leaving:
            self._is_leaving = True
            self._relay.on_answer_data(self._goodbye())
        else:
            self._relay.time_out_client()

    def _goodbye(self) -> bytes:
        """The Close frame, if this is the place for it. A backend that has sent one is about to end it all anyway."""
        if not self._frames.is_between or self._frames.has_closed:
            return b""
        self._has_said_goodbye = True
        self._wait()
        return self._farewell

    def _wait(self) -> None:
        relay = self._relay
        now = relay.context.now
        if self._has_said_goodbye or self._is_revoked:
            relay.deadline = min(relay.deadline, now + _FAREWELL)
        elif self._is_leaving:
            relay.deadline = NEVER  # the end of the drain cuts it
        else:
            relay.deadline = min(now + TUNNEL_IDLE, self._leave_at)


def tunnel_of(incoming: Incoming) -> Tunnel:
    """What carries the bytes behind a request that asked for a tunnel and got it."""
    tunnel = incoming.consumer
    assert isinstance(tunnel, Tunnel)
    return tunnel
