"""How long verdicts are kept, and how many."""

import pytest

from hotgate.http.headers import Headers
from hotgate.http.response import Response
from hotgate.policies.decision_points.contract import Verdict
from hotgate.policies.decision_points.decision_cache import DecisionCache

YES, NO = Verdict(True), Verdict(False, "no")
FOR_EVER = float("inf")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_each_sort_has_its_own_time() -> None:
    clock = Clock()
    cache = DecisionCache(10.0, 2.0, 10, clock)
    cache.put(b"yes", YES, FOR_EVER)
    cache.put(b"no", NO, FOR_EVER)
    clock.now = 1.9
    assert (cache.get(b"yes"), cache.get(b"no")) == (YES, NO)
    clock.now = 2.0
    assert (cache.get(b"yes"), cache.get(b"no")) == (YES, None)
    clock.now = 10.0
    assert cache.get(b"yes") is None
    assert len(cache) == 0


@pytest.mark.parametrize("at_most", [0.0, -5.0])
def test_nothing_is_kept_past_the_end_of_a_credential(at_most: float) -> None:
    clock = Clock()
    cache = DecisionCache(10.0, 10.0, 10, clock)
    cache.put(b"a", YES, 3.0)
    cache.put(b"b", YES, at_most)
    clock.now = 2.9
    assert (cache.get(b"a"), cache.get(b"b")) == (YES, None)
    clock.now = 3.0
    assert cache.get(b"a") is None


def test_a_new_verdict_takes_the_place_of_the_other_sort() -> None:
    cache = DecisionCache(10.0, 10.0, 10, Clock())
    cache.put(b"a", YES, FOR_EVER)
    cache.put(b"a", NO, FOR_EVER)
    assert cache.get(b"a") is NO
    cache.put(b"a", YES, 0.0)  # not kept, and the old one is wrong
    assert cache.get(b"a") is None


def test_a_flood_of_denials_pushes_out_no_permission() -> None:
    cache = DecisionCache(10.0, 10.0, 3, Clock())
    cache.put(b"yes", YES, FOR_EVER)
    for number in range(100):
        cache.put(b"%d" % number, NO, FOR_EVER)
    assert cache.get(b"yes") is YES
    assert len(cache) == 4
    assert cache.get(b"0") is None


def test_bytes_are_bounded_too() -> None:
    cache = DecisionCache(10.0, 10.0, 1000, Clock(), max_bytes=10_000)
    for number in range(100):
        cache.put(b"%d" % number, Verdict(False, "x" * 1000), FOR_EVER)
    assert len(cache) == 8
    for number in range(92, 100):
        cache.put(b"%d" % number, YES, FOR_EVER)  # what is dropped gives its bytes back
    for number in range(8):
        cache.put(b"%d" % number, Verdict(False, "x" * 1000), FOR_EVER)
    assert len(cache) == 16


def test_what_a_refusal_says_in_fields_counts_too() -> None:
    long = Verdict(False, answer=Response(302, Headers([(b"location", b"x" * 700)])))
    cache = DecisionCache(10.0, 10.0, 10, Clock(), max_bytes=1000)
    cache.put(b"a", long, FOR_EVER)
    cache.put(b"b", long, FOR_EVER)
    assert (cache.get(b"a"), cache.get(b"b")) == (None, long)
