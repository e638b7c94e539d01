import logging

from hotgate.observe.event_throttle import MAX_KINDS, EventThrottle
from hotgate.testing import FakeClock


def event(kind: str) -> logging.LogRecord:
    return logging.LogRecord("hotgate.security", logging.WARNING, "", 0, kind, None, None)


def test_each_kind_has_its_own_allowance_per_second() -> None:
    clock = FakeClock()
    throttle = EventThrottle(per_second=2, clock=clock)
    assert [throttle.filter(event("a")) for _ in range(4)] == [True, True, False, False]
    assert throttle.filter(event("b"))
    clock.advance(1)
    assert throttle.filter(event("a"))


def test_the_next_event_tells_how_many_were_suppressed() -> None:
    clock = FakeClock()
    throttle = EventThrottle(per_second=1, clock=clock)
    for _ in range(10):
        throttle.filter(event("a"))
    clock.advance(60)
    record = event("a")
    assert throttle.filter(record)
    assert record.__dict__["facts"] == {"suppressed": 9}


def test_endless_kinds_share_one_allowance() -> None:
    throttle = EventThrottle(per_second=1, clock=FakeClock())
    passed = sum(throttle.filter(event(f"kind-{number}")) for number in range(10_000))
    assert passed == MAX_KINDS + 1
