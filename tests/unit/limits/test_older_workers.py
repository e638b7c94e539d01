"""An upgrade leaves workers of the version before to the new control process, until they have drained.

Their messages are written here as they were when there were no kinds, costs, refunds and debts; and as they were when a
refund did not say when its tokens were spent.
"""

from typing import Any

import pytest

from hotgate.limits.authority import LeaseAuthority
from hotgate.limits.limit import Limit

DEFINITION = [10, 60.0, 10]
LIMIT = Limit("route/r", quota=10, window=60.0)


def report(*, fresh: bool, keys: list[list[Any]]) -> dict[str, Any]:
    limits = {} if fresh else {"route/r": DEFINITION}
    return {
        "type": "limits",
        "fresh": fresh,
        "seq": 1,
        "share": 0.0 if fresh else 1.0,
        "loss": None,
        "limits": limits,
        "keys": keys,
    }


def lease(sequence: int, *, need: int, held: int = 0) -> dict[str, Any]:
    told = {"scope": "route/r", "limit": DEFINITION, "key": "k", "need": need, "want": 0, "held": held}
    return {"type": "lease", "seq": sequence, **told}


def test_a_worker_left_behind_is_taken_over_with_what_it_holds() -> None:
    authority = LeaseAuthority(lambda: 1000.0)
    authority.expect(["old"], 1005.0)
    authority.hello("old", report(fresh=False, keys=[["route/r", "k", 2, 5, 1]]))
    standing = authority.peek(LIMIT, "k")
    assert standing is not None
    assert (standing.level, standing.on_lease) == (4, 2)


def test_its_requests_take_one_token_each() -> None:
    authority = LeaseAuthority(lambda: 1000.0)
    authority.hello("old", report(fresh=True, keys=[]))
    answer = authority.on_message("old", lease(2, need=3))
    assert answer is not None
    assert answer["granted"] == 3
    for sequence in range(3, 10):
        answer = authority.on_message("old", lease(sequence, need=1))
        assert answer is not None
        assert answer["granted"] == 1
    answer = authority.on_message("old", lease(10, need=1))
    assert answer is not None
    assert (answer["granted"], answer["retry_after"]) == (0, 6.0)


def test_what_it_gives_back_is_there_for_newer_workers() -> None:
    authority = LeaseAuthority(lambda: 1000.0)
    authority.hello("old", report(fresh=True, keys=[]))
    authority.on_message("old", lease(2, need=5))
    authority.on_message("old", {"type": "give_back", "seq": 3, "keys": [["route/r", "k", 4, 0]]})
    standing = authority.peek(LIMIT, "k")
    assert standing is not None
    assert (standing.level, standing.on_lease) == (9, 0)


@pytest.mark.parametrize(("kind", "level"), [("bucket", 8), ("window", 6)])
def test_what_it_refunds_may_have_been_spent_at_any_time(kind: str, level: int) -> None:
    authority = LeaseAuthority(lambda: 1000.0)
    authority.hello("old", report(fresh=True, keys=[]))
    definition = [10, 60.0, 10, kind, ""]
    authority.on_message("old", lease(2, need=4) | {"limit": definition, "least": 1, "debt": 0, "refunded": 0})
    authority.on_message("old", lease(3, need=0) | {"limit": definition, "least": 0, "debt": 0, "refunded": 2})
    standing = authority.peek(Limit("route/r", quota=10, window=60.0, kind=kind), "k")
    assert standing is not None
    assert standing.level == level
