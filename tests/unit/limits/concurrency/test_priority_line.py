"""Who is next in a line of several classes, and who gives way when it is full."""

from collections import Counter

from hotgate.limits.concurrency.priority import Priority
from hotgate.limits.concurrency.priority_line import PriorityLine

CRITICAL, HIGH, NORMAL, LOW = Priority


def line(*waiting: tuple[Priority, str]) -> PriorityLine[tuple[Priority, int]]:
    made: PriorityLine[tuple[Priority, int]] = PriorityLine()
    for number, (priority, owner) in enumerate(waiting):
        made.append(priority, owner, (priority, number))
    return made


def test_the_more_important_is_served_first() -> None:
    waiting = line((LOW, "a"), (NORMAL, "a"), (HIGH, "a"), (CRITICAL, "a"))
    assert [waiting.popleft()[0] for _ in range(4)] == [CRITICAL, HIGH, NORMAL, LOW]


def test_the_least_important_is_not_starved() -> None:
    waiting = line(*[(priority, "a") for priority in Priority for _ in range(200)])
    turns = Counter(waiting.popleft()[0] for _ in range(85 * 2))
    assert turns == {CRITICAL: 128, HIGH: 32, NORMAL: 8, LOW: 2}


def test_a_class_that_had_nothing_waiting_has_saved_up_no_turns() -> None:
    waiting = line(*[(LOW, "a")] * 50)
    for _ in range(49):
        waiting.popleft()
    for _ in range(50):
        waiting.append(HIGH, "a", (HIGH, len(waiting)))
    assert [waiting.popleft()[0] for _ in range(3)].count(HIGH) >= 2


def test_a_line_that_is_full_takes_from_the_least_important() -> None:
    waiting = line((NORMAL, "a"), (LOW, "b"), (NORMAL, "c"))
    assert waiting.make_room(HIGH, "d", 3) == (LOW, 1)
    assert len(waiting) == 2


def test_among_equals_it_takes_from_who_has_most_waiting() -> None:
    waiting = line((NORMAL, "a"), (NORMAL, "flood"), (NORMAL, "flood"), (NORMAL, "flood"))
    assert waiting.make_room(NORMAL, "b", 4) == (NORMAL, 3)


def test_who_is_neither_more_important_nor_more_modest_gets_no_room() -> None:
    waiting = line((HIGH, "a"), (HIGH, "b"))
    assert not waiting.has_room(HIGH, "c", 2)
    assert not waiting.has_room(LOW, "c", 2)


def test_each_class_may_keep_an_eighth_of_the_line() -> None:
    waiting = line(*[(LOW, "a")] * 2, *[(HIGH, "b")] * 14)
    assert waiting.make_room(HIGH, "c", 16) == (HIGH, 15)
    assert waiting.make_room(CRITICAL, "c", 16) == (HIGH, 14)


def test_a_class_with_less_than_its_eighth_takes_it_from_any() -> None:
    waiting = line((LOW, "a"), *[(HIGH, "b")] * 15)
    assert waiting.make_room(LOW, "c", 16) == (HIGH, 15)


def test_how_many_are_ahead() -> None:
    waiting = line((HIGH, "a"), *[(NORMAL, "flood")] * 10, (NORMAL, "b"), (LOW, "c"))
    assert waiting.ahead_of(NORMAL, "new") == 1 + 2
    assert waiting.ahead_of(NORMAL, "flood") == 1 + 11
    assert waiting.ahead_of(CRITICAL, "new") == 0
