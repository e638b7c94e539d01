import pytest

from hotgate.runtime.workers.worker_state import UnexpectedEvent, WorkerState, next_state


def test_the_usual_life() -> None:
    state = WorkerState.STARTING
    seen = []
    for event in ("hello", "ready", "drain", "exit"):
        state = next_state(state, event)
        seen.append(state.value)
    assert seen == ["connected", "ready", "draining", "exited"]


@pytest.mark.parametrize("state", list(WorkerState))
def test_death_is_possible_at_any_time(state: WorkerState) -> None:
    assert next_state(state, "exit") is WorkerState.EXITED


@pytest.mark.parametrize(
    ("state", "event"),
    [(WorkerState.STARTING, "ready"), (WorkerState.EXITED, "hello"), (WorkerState.EXITED, "drain")],
)
def test_what_makes_no_sense_is_refused(state: WorkerState, event: str) -> None:
    with pytest.raises(UnexpectedEvent):
        next_state(state, event)


def test_a_draining_worker_never_becomes_ready_again() -> None:
    assert next_state(WorkerState.DRAINING, "ready") is WorkerState.DRAINING
