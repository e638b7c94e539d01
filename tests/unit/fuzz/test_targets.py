"""Every target over its seeds and many inputs made from them: the same ones every time, without atheris."""

import random

import pytest
from fuzz import corpus
from fuzz.targets import TARGETS

_COUNT = {"requests": 1500, "answers": 750, "addresses": 5000, "documents": 4000}


@pytest.mark.parametrize("name", TARGETS)
def test_nobody_disagrees(name: str) -> None:
    target, dice = TARGETS[name], random.Random(1)
    for data in (*target.seeds, *corpus.outside(name)):
        target.check(data)
    for _ in range(_COUNT[name]):
        data = target.mutator.any(dice)
        try:
            target.check(data)
        except AssertionError as error:
            raise AssertionError(f"{error}, with {data!r}") from error
