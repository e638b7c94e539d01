"""Tickets: whoever has no key makes none, and nobody's is good for long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotgate.keys.explain_ticket import LIFE, is_good_ticket, new_ticket
from hotgate.keys.sealing_ring import SealingKey, SealingRing
from hotgate.observe.redaction import without_tokens

NOW = 1_800_000_000.0
RING = SealingRing([SealingKey.of(b"k" * 32, 0.0)])
TICKET = new_ticket(RING, NOW)[0]


def test_it_is_good_for_ten_minutes() -> None:
    text, ends = new_ticket(RING, NOW)
    assert ends == NOW + LIFE
    assert is_good_ticket(RING, text.encode(), NOW)
    assert is_good_ticket(RING, text.encode(), ends - 1)
    assert not is_good_ticket(RING, text.encode(), ends)
    assert not is_good_ticket(RING, text.encode(), NOW - 2 * LIFE)


def test_no_two_are_alike() -> None:
    assert len({new_ticket(RING, NOW)[0] for _ in range(100)}) == 100


def test_workers_know_it_after_the_next_key_seals_and_not_after_its_own_is_gone() -> None:
    following = SealingKey.of(b"n" * 32, NOW + 1)
    assert is_good_ticket(SealingRing([*RING.keys, following]), TICKET.encode(), NOW + 2)
    assert not is_good_ticket(SealingRing([following]), TICKET.encode(), NOW + 2)
    assert not is_good_ticket(None, TICKET.encode(), NOW)


@given(st.binary(max_size=300))
def test_what_is_made_up_is_none(text: bytes) -> None:
    assert not is_good_ticket(RING, text, NOW)


@given(st.integers(0, len(TICKET) - 1), st.sampled_from("0123456789abcdefABCDEF _-+\t"))
def test_no_character_can_be_changed(place: int, character: str) -> None:
    changed = TICKET[:place] + character + TICKET[place + 1 :]
    assert is_good_ticket(RING, changed.encode(), NOW) is (changed == TICKET)


@pytest.mark.parametrize("more", ["0", "00", " ", "\n"])
def test_nothing_can_be_added(more: str) -> None:
    assert not is_good_ticket(RING, (TICKET + more).encode(), NOW)


def test_the_key_does_nothing_else_by_the_same_name() -> None:
    """The MAC is over a purpose, so that no other text that the key authenticates is a ticket."""
    import hmac

    facts = bytes.fromhex(TICKET[4:])[:16]
    assert hmac.digest(b"k" * 32, facts, "sha256") not in bytes.fromhex(TICKET[4:])


def test_logs_do_not_have_it() -> None:
    assert without_tokens(f"a {TICKET} b") == "a hgx_[key] b"
