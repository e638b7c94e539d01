"""Counting over the last seconds."""

from hotgate.upstream.failure_window import FailureWindow


def test_the_share_of_what_failed() -> None:
    window = FailureWindow(10.0)
    for failed in (True, False, False, True):
        window.count(100.0, failed=failed)
    assert window.share(100.0, 4) == 0.5


def test_few_requests_say_nothing() -> None:
    window = FailureWindow(10.0)
    window.count(100.0, failed=True)
    assert window.share(100.0, 2) == 0.0


def test_what_is_older_than_the_window_is_forgotten() -> None:
    window = FailureWindow(10.0)
    window.count(100.0, failed=True)
    window.count(105.0, failed=False)
    assert window.share(109.0, 1) == 0.5
    assert window.share(110.5, 1) == 0.0  # the failure is gone, the success is not
    assert window.share(10_000.0, 1) == 0.0


def test_it_can_begin_anew() -> None:
    window = FailureWindow(10.0)
    window.count(100.0, failed=True)
    window.clear()
    assert window.share(100.0, 1) == 0.0
    window.count(100.0, failed=True)
    assert window.share(100.0, 1) == 1.0
