"""What steps leave in an exchange for the answer, and for each other."""

import pytest

from hotgate.http.headers import InvalidHeader
from hotgate.limits.decision import LimitDecision, allowed
from hotgate.limits.limit import Limit
from hotgate.testing import make_exchange

LIMIT = Limit("s", quota=10, window=60)


def test_fields_of_the_answer_are_encoded_when_they_are_added() -> None:
    exchange = make_exchange()
    assert exchange.answer_fields == ()
    exchange.answer_fields += ((b"x-a", b"1"),)
    exchange.add_answer_fields((b"x-b", b"2"), (b"x-a", b"3"))
    assert exchange.answer_block == b"x-a: 1\r\nx-b: 2\r\nx-a: 3\r\n"
    assert list(exchange.answer_fields) == [(b"x-a", b"1"), (b"x-b", b"2"), (b"x-a", b"3")]


@pytest.mark.parametrize("value", [b"1\r\nx-b: 2", b"1\n", b"\r"])
def test_no_field_of_the_answer_brings_another_one(value: bytes) -> None:
    exchange = make_exchange()
    with pytest.raises(InvalidHeader):
        exchange.add_answer_fields((b"x-a", value))
    with pytest.raises(InvalidHeader):
        exchange.answer_fields = ((b"x-a", value),)
    assert exchange.answer_block == b""


def test_decisions_of_limits_are_made_when_somebody_asks_and_once() -> None:
    asked: list[int] = []

    def decisions(left: int) -> list[LimitDecision]:
        asked.append(left)
        return [allowed(LIMIT, left)]

    exchange = make_exchange()
    exchange.add_limits(decisions, 3)
    assert asked == []
    assert [each.remaining for each in exchange.limits] == [3]
    exchange.add_limits(decisions, 2)
    exchange.limits += (allowed(LIMIT, 1),)
    assert [each.remaining for each in exchange.limits] == [3, 2, 1]
    assert exchange.limit is exchange.limits[2]
    assert asked == [3, 2]
