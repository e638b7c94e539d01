"""The states of a worker, as the control process sees them, and what leads from one to the next."""

from enum import Enum


class WorkerState(Enum):
    """STARTING: the process was started. CONNECTED: it said hello. READY: it serves. DRAINING: it takes no more
    connections. EXITED: the process is gone.
    """

    STARTING = "starting"
    CONNECTED = "connected"
    READY = "ready"
    DRAINING = "draining"
    EXITED = "exited"


_TRANSITIONS = {
    (WorkerState.STARTING, "hello"): WorkerState.CONNECTED,
    (WorkerState.CONNECTED, "hello"): WorkerState.CONNECTED,
    (WorkerState.READY, "hello"): WorkerState.READY,
    (WorkerState.DRAINING, "hello"): WorkerState.DRAINING,
    (WorkerState.CONNECTED, "ready"): WorkerState.READY,
    (WorkerState.READY, "ready"): WorkerState.READY,
    (WorkerState.DRAINING, "ready"): WorkerState.DRAINING,
    (WorkerState.STARTING, "drain"): WorkerState.DRAINING,
    (WorkerState.CONNECTED, "drain"): WorkerState.DRAINING,
    (WorkerState.READY, "drain"): WorkerState.DRAINING,
    (WorkerState.DRAINING, "drain"): WorkerState.DRAINING,
}


class UnexpectedEvent(Exception):
    """A worker sent something that makes no sense in its state."""


def next_state(state: WorkerState, event: str) -> WorkerState:
    """The state after an event. `exit` leads to EXITED from anywhere. Raises UnexpectedEvent."""
    if event == "exit":
        return WorkerState.EXITED
    try:
        return _TRANSITIONS[state, event]
    except KeyError:
        raise UnexpectedEvent(f"{event!r} from a worker that is {state.value}") from None
