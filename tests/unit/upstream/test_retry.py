"""The budget of retries: a share of what is asked, and a few besides."""

from hotgate.observe.recorder import UpstreamRecorder
from hotgate.upstream.retry import RetryBudget


def spent(budget: RetryBudget, wanted: int = 10_000) -> int:
    return sum(budget.spend() for _ in range(wanted))


def test_a_few_are_always_allowed() -> None:
    recorder = UpstreamRecorder("api")
    assert spent(RetryBudget(recorder, ratio=0.2, per_second=1.0), 12) == 10
    assert recorder.budget_exhausted == 2


def test_a_share_of_the_requests() -> None:
    recorder = UpstreamRecorder("api")
    budget = RetryBudget(recorder, ratio=0.2, per_second=0.0)
    budget.tick(0.0)
    assert spent(budget) == 0
    recorder.reuses += 900
    recorder.connects += 100
    assert 160 <= spent(budget) <= 200


def test_retries_do_not_earn_retries() -> None:
    """An outage in which each retry reaches a backend that fails again."""
    recorder = UpstreamRecorder("api")
    budget = RetryBudget(recorder, ratio=0.2, per_second=0.0)
    budget.tick(0.0)
    recorder.reuses += 1000
    made = 0
    while budget.spend():
        made += 1
        recorder.reuses += 1
    assert made == 200


def test_requests_count_for_ten_to_twenty_seconds() -> None:
    recorder = UpstreamRecorder("api")
    budget = RetryBudget(recorder, ratio=0.2, per_second=0.0)
    budget.tick(0.0)
    recorder.reuses += 1000
    budget.tick(10.0)
    assert budget.spend()
    budget.tick(20.0)
    assert spent(budget) == 0


def test_what_was_spent_counts_as_long() -> None:
    recorder = UpstreamRecorder("api")
    budget = RetryBudget(recorder, ratio=0.0, per_second=1.0)
    budget.tick(0.0)
    assert spent(budget) == 10
    budget.tick(10.0)
    assert spent(budget) == 0
    budget.tick(20.0)
    assert spent(budget) == 10
