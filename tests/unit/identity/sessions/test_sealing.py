"""A seal opens with its key, its purpose and its secret, unchanged, or not at all."""

import pytest

from hotgate.identity.sessions.sealing import CannotSeal, Sealing
from hotgate.keys.sealing_ring import SealingKey, SealingRing, SealingRingHolder

NOW = 1_800_000_000.0


def holder_of(*keys: SealingKey) -> SealingRingHolder:
    holder = SealingRingHolder()
    holder.ring = SealingRing(keys)
    return holder


HOLDER = holder_of(SealingKey.generate(NOW))


def sealing(purpose: str = "session/sso", holder: SealingRingHolder = HOLDER) -> Sealing:
    return Sealing(holder, purpose, lambda: NOW)


def test_what_is_sealed_opens() -> None:
    for plain in (b"", b"x", b"x" * 10_000):
        assert sealing().open(sealing().seal(plain)) == plain


def test_no_two_seals_are_alike() -> None:
    assert len({sealing().seal(b"x") for _ in range(100)}) == 100


def test_a_seal_is_for_one_purpose() -> None:
    assert sealing("login/sso").open(sealing().seal(b"x")) is None
    assert sealing("session/other").open(sealing().seal(b"x")) is None


def test_a_seal_with_a_secret_opens_with_it_only() -> None:
    sealed = sealing().seal(b"x", b"s" * 32)
    assert sealing().open(sealed, b"s" * 32) == b"x"
    assert sealing().open(sealed, b"t" * 32) is None
    assert sealing().open(sealed) is None


def test_an_earlier_key_opens_and_one_that_is_gone_does_not() -> None:
    old, new = SealingKey.generate(NOW - 10), SealingKey.generate(NOW)
    sealed = sealing(holder=holder_of(old)).seal(b"x")
    assert sealing(holder=holder_of(old, new)).open(sealed) == b"x"
    assert sealing(holder=holder_of(new)).open(sealed) is None


def test_one_changed_character_is_enough_to_refuse_it() -> None:
    sealed = sealing().seal(b"hello")
    for index in range(len(sealed)):
        other = b"A" if sealed[index : index + 1] != b"A" else b"B"
        assert sealing().open(sealed[:index] + other + sealed[index + 1 :]) is None
        assert sealing().open(sealed[:index]) is None


@pytest.mark.parametrize("sealed", [b"", b"====", b"\xff\xfe", b"A" * 500, b"AQ", b" " * 60, b"A" * 44])
def test_rubbish_does_not_open(sealed: bytes) -> None:
    assert sealing().open(sealed) is None


def test_without_keys_nothing_is_sealed_or_opened() -> None:
    empty = sealing(holder=SealingRingHolder())
    with pytest.raises(CannotSeal):
        empty.seal(b"x")
    assert empty.open(sealing().seal(b"x")) is None
