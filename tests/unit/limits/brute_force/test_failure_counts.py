from hotgate.limits.brute_force.failure_counts import FailureCounts

PER_SECOND = 0.1


def test_failures_add_up_and_are_forgotten_with_time() -> None:
    counts = FailureCounts(10)
    assert counts.add("a", 3, 0.0, PER_SECOND) == 3
    assert counts.add("a", 1, 10.0, PER_SECOND) == 3
    assert counts.add("a", 1, 1000.0, PER_SECOND) == 1


def test_keys_count_apart() -> None:
    counts = FailureCounts(10)
    counts.add("a", 5, 0.0, PER_SECOND)
    assert counts.add("b", 1, 0.0, PER_SECOND) == 1


def test_the_table_is_bounded_and_forgets_who_has_not_failed_for_longest() -> None:
    counts = FailureCounts(3)
    for key in ("old", "a", "b", "old", "c"):
        counts.add(key, 1, 0.0, PER_SECOND)
    assert len(counts) == 3
    assert counts.add("old", 1, 0.0, PER_SECOND) == 3
    assert counts.add("a", 1, 0.0, PER_SECOND) == 1


def test_a_key_and_all_of_them_begin_anew() -> None:
    counts = FailureCounts(3)
    counts.add("a", 4, 0.0, PER_SECOND)
    counts.add("b", 4, 0.0, PER_SECOND)
    counts.forget("a")
    counts.forget("unknown")
    assert counts.add("a", 1, 0.0, PER_SECOND) == 1
    counts.clear()
    assert counts.add("b", 1, 0.0, PER_SECOND) == 1
