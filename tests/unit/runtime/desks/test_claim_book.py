"""What was used once: found again until it expires, in bounded memory."""

import pytest

from hotgate.runtime.desks.claim_book import ClaimBook, Verdict


def test_the_first_claim_counts() -> None:
    book = ClaimBook(room=10)
    assert [book.claim(identity, 200.0, 100.0) for identity in (b"a", b"a", b"b")] == ["first", "used", "first"]


def test_to_ask_uses_nothing_up() -> None:
    book = ClaimBook(room=10)
    assert [book.verdict(b"a", 100.0), book.claim(b"a", 200.0, 100.0)] == [Verdict.FIRST, Verdict.FIRST]
    assert book.verdict(b"a", 100.0) is Verdict.USED


@pytest.mark.parametrize(("now", "verdict"), [(200.0, "used"), (200.9, "used"), (202.0, "first")])
def test_nothing_is_forgotten_before_it_expires(now: float, verdict: str) -> None:
    book = ClaimBook(room=10)
    book.claim(b"a", 200.5, 100.0)
    assert book.claim(b"a", 300.0, now) == verdict


def test_without_room_nothing_can_be_used() -> None:
    book = ClaimBook(room=2)
    assert [book.claim(bytes([each]), 200.0, 100.0) for each in range(4)] == ["first", "first", "full", "full"]
    assert book.claim(b"\0", 200.0, 100.0) is Verdict.USED  # what is known is still known
    assert book.claim(b"\3", 300.0, 202.0) is Verdict.FIRST


def test_one_holder_leaves_room_for_others() -> None:
    book = ClaimBook(room=4, share=2)
    claims = [book.claim(bytes([each]), 200.0, 100.0, b"flood") for each in range(4)]
    assert claims == ["first", "first", "full", "full"]
    assert book.claim(b"other", 200.0, 100.0, b"honest") is Verdict.FIRST


def test_what_a_holder_has_claimed_is_forgotten_with_the_claims() -> None:
    book = ClaimBook(room=10, share=1)
    for round_ in range(20):
        now = 100.0 + 10 * round_
        assert book.claim(b"%d" % round_, now + 5, now, b"holder") is Verdict.FIRST
    assert len(book) == len(book._accounts) == len(book._by_second) == len(book._seconds) == 1


def test_another_holder_cannot_use_it_again() -> None:
    book = ClaimBook(room=10)
    book.claim(b"a", 200.0, 100.0, b"one")
    assert book.claim(b"a", 200.0, 100.0, b"two") is Verdict.USED


def test_what_expires_long_before_the_rest_is_forgotten_first() -> None:
    book = ClaimBook(room=10)
    book.claim(b"late", 900.0, 100.0)
    book.claim(b"soon", 110.0, 100.0)
    assert [book.verdict(b"late", 120.0), book.verdict(b"soon", 120.0)] == [Verdict.USED, Verdict.FIRST]


def test_what_has_expired_already_is_used_up_too() -> None:
    """Of two claims in one round the second must not be a first one."""
    book = ClaimBook(room=10)
    assert [book.claim(b"a", 99.5, 99.9) for _ in range(2)] == ["first", "used"]


@pytest.mark.parametrize("now", [202.0, 150.0])
def test_what_may_have_been_forgotten_cannot_be_used_again(now: float) -> None:
    """It was long on its way, or the clock was set back."""
    book = ClaimBook(room=10)
    book.claim(b"a", 200.5, 100.0)
    book.verdict(b"a", 202.0)  # when it is forgotten
    assert [book.claim(b"a", 200.5, now), book.claim(b"b", 200.5, now)] == [Verdict.LATE, Verdict.LATE]
    assert book.claim(b"a", 201.5, now) is Verdict.FIRST
    assert len(book) == 1
