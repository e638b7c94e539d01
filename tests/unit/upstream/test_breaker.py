"""A service that fails again and again is left alone, and tried by one call at a time."""

from hotgate.upstream.breaker import RULES, Breaker


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def broken(clock: Clock) -> Breaker:
    breaker = Breaker("opaque", clock)
    for _ in range(RULES.consecutive_failures):
        assert breaker.may_call()
        breaker.failed("status 503")
    return breaker


def test_it_opens_after_some_failures_in_a_row() -> None:
    breaker = broken(Clock())
    assert breaker.is_open
    assert not breaker.may_call()
    assert breaker.seconds_left == RULES.duration


def test_a_success_begins_the_count_anew() -> None:
    breaker = Breaker("opaque", Clock())
    for _ in range(3 * RULES.consecutive_failures):
        breaker.failed("status 503")
        breaker.succeeded()
    assert breaker.may_call()


def test_one_call_tries_whether_it_works_again() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now += RULES.duration
    assert [breaker.may_call(), breaker.may_call()] == [True, False]
    breaker.succeeded()
    assert breaker.may_call()
    assert not breaker.is_open


def test_a_trial_that_fails_makes_the_pause_longer() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now += RULES.duration
    assert breaker.may_call()
    breaker.failed("still")
    assert breaker.seconds_left == 2 * RULES.duration


def test_a_trial_that_was_given_up_is_made_again() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now += RULES.duration
    assert breaker.may_call()
    breaker.said_nothing()
    assert breaker.may_call()
