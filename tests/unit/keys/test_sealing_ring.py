"""Keys that seal take turns: the next one is known before it seals, the last one opens for as long as it matters."""

import pytest

from hotgate.keys.sealing_ring import KNOWN_BEFORE, PERIOD, SealingKey, SealingRing

NOW = 1_800_000_000.0
KEEP = 7200.0


def ring_of(*times: float) -> SealingRing:
    return SealingRing(SealingKey.generate(time) for time in times)


def test_a_key_seals_until_the_next_one_does() -> None:
    ring = ring_of(NOW + 60, NOW)
    first, second = ring.keys
    assert first.seals_from < second.seals_from
    assert [ring.sealing_at(time) for time in (NOW - 1, NOW, NOW + 59, NOW + 60)] == [first, first, first, second]
    assert (ring.find(first.id), ring.find(second.id), ring.find("00000000")) == (first, second, None)


def test_the_next_key_is_there_before_it_seals() -> None:
    ring = ring_of(NOW)
    before = NOW + PERIOD - KNOWN_BEFORE - 1
    assert ring.turned(before, KEEP) is ring
    turned = ring.turned(before + 1, KEEP)
    assert [key.seals_from for key in turned.keys] == [NOW, before + 1 + KNOWN_BEFORE]
    assert turned.sealing_at(before + 2) == ring.keys[0]
    assert turned.turned(before + 30, KEEP) is turned


def test_a_key_stays_while_something_that_it_sealed_may_count() -> None:
    ring = ring_of(NOW, NOW + 60)
    assert ring.turned(NOW + 60 + KEEP - 1, KEEP) is ring
    assert ring.turned(NOW + 60 + KEEP, KEEP).keys == ring.keys[1:]


def test_a_ring_that_slept_for_long_has_a_key_that_seals() -> None:
    ring = ring_of(NOW - 100 * PERIOD)
    turned = ring.turned(NOW, KEEP)
    assert turned.sealing_at(NOW) == ring.keys[0]
    assert len(turned.keys) == 2


def test_of_given_keys_the_first_seals_and_all_open() -> None:
    ring, reversed_ring = SealingRing.of_given(["a" * 32, "b" * 32]), SealingRing.of_given(["b" * 32, "a" * 32])
    assert {key.id for key in ring.keys} == {key.id for key in reversed_ring.keys}
    assert ring.sealing_at(NOW).id != reversed_ring.sealing_at(NOW).id


def test_a_ring_goes_through_a_message() -> None:
    ring = ring_of(NOW, NOW + 60)
    assert SealingRing.from_message(ring.message).keys == ring.keys


@pytest.mark.parametrize("message", [[], [{"secret": "00", "seals_from": 1}], [{"secret": "zz" * 32, "seals_from": 1}]])
def test_a_damaged_message_is_refused(message: list[dict[str, object]]) -> None:
    with pytest.raises(ValueError, match=r"key|hex|bytes"):
        SealingRing.from_message(message)


def test_no_representation_shows_a_secret() -> None:
    key = SealingKey.generate(NOW)
    assert key.secret.hex() not in repr(key)
    assert repr(key.secret) not in repr([key])
    assert key.secret.hex()[:8] != key.id
