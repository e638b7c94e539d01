"""Answers about tokens, kept for all workers."""

from hotgate.control.oauth.introspection_answer import Introspected
from hotgate.control.oauth.kept_answers import KeptAnswers

GOOD = Introspected(is_active=True, claims="{}")
BAD = Introspected(is_active=False)
WALL = 1_800_000_000.0


def kept(**changes: float) -> KeptAnswers:
    return KeptAnswers(**{"ttl": 60.0, "negative_ttl": 5.0, "max_entries": 2, **changes})  # type: ignore[arg-type]


def test_an_answer_is_known_for_its_time_and_says_for_how_long() -> None:
    answers = kept()
    assert answers.put("t", GOOD, 100.0, WALL) == 60.0
    assert answers.get("t", 130.0) == (GOOD, 30.0)
    assert answers.get("t", 160.0) is None
    assert len(answers) == 0


def test_no_answer_outlives_its_token() -> None:
    answers = kept()
    assert answers.put("t", Introspected(is_active=True, expires=WALL + 10), 100.0, WALL) == 10.0
    assert answers.get("t", 110.0) is None
    assert answers.put("u", Introspected(is_active=True, expires=WALL), 100.0, WALL) == 0.0
    assert answers.get("u", 100.0) is None


def test_bad_tokens_push_out_no_good_ones() -> None:
    answers = kept()
    answers.put("good", GOOD, 0.0, WALL)
    for number in range(100):
        answers.put(f"bad{number}", BAD, 0.0, WALL)
    assert answers.get("good", 1.0) is not None
    assert len(answers) == 3


def test_a_new_answer_takes_the_place_of_the_old_one() -> None:
    answers = kept()
    answers.put("t", GOOD, 0.0, WALL)
    answers.put("t", BAD, 0.0, WALL)
    found = answers.get("t", 1.0)
    assert found is not None
    assert found[0] == BAD
    assert len(answers) == 1


def test_long_answers_are_kept_in_smaller_numbers() -> None:
    answers = kept(max_entries=100, max_bytes=1000)
    for number in range(10):
        answers.put(f"t{number}", Introspected(is_active=True, claims="x" * 300), 0.0, WALL)
    assert len(answers) == 3
    assert answers.get("t9", 1.0) is not None


def test_without_times_nothing_is_kept() -> None:
    answers = kept(ttl=0.0, negative_ttl=0.0)
    answers.put("t", GOOD, 0.0, WALL)
    answers.put("u", BAD, 0.0, WALL)
    assert len(answers) == 0


def test_no_token_is_kept_itself() -> None:
    answers = kept()
    answers.put("s3cret-token", GOOD, 0.0, WALL)
    assert "s3cret-token" not in repr(vars(answers))
