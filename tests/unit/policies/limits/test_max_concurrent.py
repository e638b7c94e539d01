"""`max_concurrent`: places are taken, given back, and counted for each route alone."""

from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.policies.limits.max_concurrent import Concurrency, concurrency_steps
from hotgate.testing import make_exchange


def exchanges(count: int) -> list[Exchange]:
    return [make_exchange() for _ in range(count)]


def test_one_more_than_there_are_places() -> None:
    concurrency = Concurrency(2)
    first, second, third = exchanges(3)
    assert concurrency.enter(first) is None
    assert concurrency.enter(second) is None
    refusal = concurrency.enter(third)
    assert refusal is not None
    assert (refusal.status, refusal.code, refusal.header("retry-after")) == (503, "route-busy", "1")
    concurrency.leave(third)  # it ends too, and has no place to give back
    assert concurrency.enter(third) is not None
    concurrency.leave(first)
    assert concurrency.enter(third) is None


def test_strangers_do_not_take_places() -> None:
    """It stands behind authentication: who is refused there never asks for a place."""
    assert [step.phase for step in concurrency_steps(1)] == [Phase.LIMIT, Phase.FINISH]
