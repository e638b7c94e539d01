"""Keys and sides: the same everywhere, by weight, and moved no more than a change of weights asks for."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotgate.policies.releases.split import Split


@dataclass(frozen=True)
class Side:
    name: str


A, B, C = Side("a"), Side("b"), Side("c")
KEYS = [f"caller-{number}".encode() for number in range(4000)]


def sides(*shares: tuple[Side, float]) -> list[Side]:
    split = Split(shares)
    return [split.choose(key) for key in KEYS]


@pytest.mark.parametrize("share", [0.01, 0.05, 0.3, 0.5])
def test_each_side_has_its_share(share: float) -> None:
    found = sides((A, 1 - share), (B, share)).count(B) / len(KEYS)
    assert abs(found - share) < 3 * (share * (1 - share) / len(KEYS)) ** 0.5


def test_a_side_that_grows_takes_and_nobody_else_moves() -> None:
    before, after = sides((A, 0.6), (B, 0.3), (C, 0.1)), sides((A, 0.6), (B, 0.3), (C, 0.4))
    assert all(now in (was, C) for was, now in zip(before, after, strict=True))


@given(st.binary(max_size=100), st.floats(0.01, 1.0), st.floats(0.0, 0.5))
def test_who_is_on_a_side_stays_while_it_grows(key: bytes, share: float, more: float) -> None:
    if Split([(A, 1.0), (B, share)]).choose(key) is B:
        assert Split([(A, 1.0), (B, share + more)]).choose(key) is B


def test_the_choice_is_known_to_be_the_same_in_every_version_and_on_every_node() -> None:
    chosen = "".join(side.name for side in sides((A, 0.5), (B, 0.5))[:24])
    assert chosen == "baaaababbabbaabbbabababa"


def test_nothing_for_a_side_without_a_share() -> None:
    assert set(sides((A, 1.0), (B, 0.0))) == {A}
    assert Split([(A, 1.0), (B, 0.0)]).only is A


def test_without_a_key_sides_take_turns_at_random() -> None:
    split = Split([(A, 0.5), (B, 0.5)])
    assert {split.choose(None) for _ in range(200)} == {A, B}
