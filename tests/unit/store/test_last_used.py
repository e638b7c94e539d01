from hotgate.store.last_used import LastUsed


def test_a_key_counts_once_and_is_taken_once() -> None:
    used = LastUsed()
    used.note("a", 1.0)
    used.note("a", 2.0)
    assert used.take() == {"a": 2.0}
    assert used.take() == {}


def test_the_newest_are_kept() -> None:
    used = LastUsed(2)
    for number, key in enumerate("abc"):
        used.note(key, float(number))
    assert used.take() == {"b": 1.0, "c": 2.0}


def test_what_could_not_be_told_does_not_replace_what_is_newer() -> None:
    used = LastUsed(3)
    used.note("a", 5.0)
    used.note("d", 6.0)
    used.put_back({"a": 1.0, "b": 2.0, "c": 3.0})
    assert used.take() == {"a": 5.0, "c": 3.0, "d": 6.0}
