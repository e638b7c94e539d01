"""A queue in which owners take turns: order, who gives way, and that nothing is left of who has gone."""

from hypothesis import given
from hypothesis import strategies as st

from hotgate.limits.concurrency.fair_queue import FairQueue


def filled(owners: str) -> FairQueue[int]:
    queue: FairQueue[int] = FairQueue()
    for number, owner in enumerate(owners):
        queue.append(owner, number)
    return queue


def test_owners_take_turns() -> None:
    queue = filled("aaab")
    assert [queue.popleft() for _ in range(4)] == [0, 3, 1, 2]


def test_the_newest_of_who_has_most_gives_way() -> None:
    queue = filled("abaab")
    assert queue.newest_of_longest() == ("a", 3)
    assert (queue.longest, queue.count_of("b"), queue.owners) == (3, 2, 2)


def test_what_is_not_there_cannot_be_taken_out() -> None:
    queue = filled("a")
    queue.discard("a", 7)
    queue.discard("b", 0)
    assert len(queue) == 1


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["append", "popleft", "discard", "longest"]))))
def test_its_counts_are_those_of_a_plain_list(steps: list[tuple[str, str]]) -> None:
    queue: FairQueue[int] = FairQueue()
    known: dict[str, list[int]] = {}
    for number, (owner, step) in enumerate(steps):
        if step == "append":
            queue.append(owner, number)
            known.setdefault(owner, []).append(number)
        elif step == "discard":
            if mine := known.get(owner):
                queue.discard(owner, mine.pop(len(mine) // 2))
        elif len(queue):
            taken = queue.popleft() if step == "popleft" else None
            if taken is not None:
                next(each for each in known.values() if each[:1] == [taken]).pop(0)
            elif known:
                longest, item = queue.newest_of_longest()
                assert (len(known[longest]), known[longest][-1]) == (max(map(len, known.values())), item)
        known = {each: items for each, items in known.items() if items}
        assert len(queue) == sum(map(len, known.values()))
        assert (queue.owners, queue.longest) == (len(known), max(map(len, known.values()), default=0))
