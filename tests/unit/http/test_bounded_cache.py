"""A cache that a client fills stays small."""

import pytest

from hotgate.http.bounded_cache import BoundedCache


def test_remembers_up_to_its_bounds() -> None:
    calls: list[bytes] = []

    def measured(key: bytes) -> int:
        calls.append(key)
        return len(key)

    cache = BoundedCache(measured, max_entries=2, max_key_bytes=3)
    assert [cache[b"a"], cache[b"a"], cache[b"long"], cache[b"long"]] == [1, 1, 4, 4]
    assert calls == [b"a", b"long", b"long"]
    for key in (b"b", b"c", b"d", b"e"):
        assert cache[key] == 1
        assert len(cache) <= 2


def test_long_keys_fill_it_sooner() -> None:
    cache = BoundedCache(len, max_entries=100, max_key_bytes=60, max_bytes=100)
    for number in range(50):
        assert cache[b"%050d" % number] == 50
        assert sum(map(len, cache)) <= 100
    assert len(cache) == 2


def test_what_is_raised_is_not_remembered() -> None:
    def refuse(key: bytes) -> int:
        raise ValueError(key)

    cache = BoundedCache(refuse, max_entries=2, max_key_bytes=3)
    with pytest.raises(ValueError, match="a"):
        cache[b"a"]
    assert len(cache) == 0
