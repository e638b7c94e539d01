from hotgate.runtime.workers.backoff import Backoff


def test_the_first_failure_is_answered_at_once_and_the_next_ones_wait_longer_each() -> None:
    backoff = Backoff(first=0.1, ceiling=1.0)
    assert [round(backoff.delay_after(0.0), 3) for _ in range(7)] == [0.0, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


def test_a_healthy_life_forgets_the_failures() -> None:
    backoff = Backoff(healthy_after=10.0)
    for _ in range(5):
        backoff.delay_after(0.0)
    assert backoff.delay_after(10.0) == 0.0
    assert backoff.delay_after(9.9) == 0.1


def test_very_many_failures_do_not_overflow() -> None:
    backoff = Backoff(failures=100_000)
    assert backoff.delay_after(0.0) == backoff.ceiling
