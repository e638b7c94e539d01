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


def test_what_is_raised_is_not_remembered() -> None:
    def refuse(key: bytes) -> int:
        raise ValueError(key)

    cache = BoundedCache(refuse, max_entries=2, max_key_bytes=3)
    with pytest.raises(ValueError, match="a"):
        cache[b"a"]
    assert len(cache) == 0
