"""Schedules of the model of a node that once broke a promise, or of which the model once expected too much."""

from typing import Any

import pytest

from unit.limits.test_lease_model import LIMITS, Node

Schedule = list[tuple[Any, ...]]

FOUND: dict[str, Schedule] = {
    "a worker that admitted alone dies unheard": [
        ("start", 2, LIMITS[11], (100, 100)),
        ("serve", 1, "alice", 12, 1),
        ("crash_worker", 0, False),
        ("lose_connection", 3),
        ("wait", 20.0),
        ("serve", 1, "alice", 3, 1),
        ("crash_worker", 0, False),
    ],
    "what was admitted alone counts longer than what stood still here": [
        ("start", 1, LIMITS[10], (100, 100)),
        ("request", 0, "alice", 12, 2),
        ("exchange", 2),
        ("charge", 3, "alice", 1),
        ("serve", 0, "alice", 12, 1),
        ("wait", 24.0),
        ("lose_connection", 1),
        ("wait", 90.0),
        ("exhaust", "alice"),
        ("connect", 0),
        ("wait", 39.0),
    ],
    "a use that was told is held again for a later one": [
        ("start", 2, LIMITS[9], (1, 100)),
        ("serve", 3, "alice", 12, 2),
        ("wait", 24.0),
        ("refund", 1, "alice", 2, 0),
        ("wait", 54.0),
        ("serve", 3, "alice", 1, 1),
        ("refund", 1, "alice", 1, 18),
        ("wait", 48.0),
        ("exhaust", "alice"),
    ],
    "and again, in a short window": [
        ("start", 1, LIMITS[11], (100, 100)),
        ("exhaust", "alice"),
        ("wait", 1.35),
        ("refund", 0, "alice", 1, 35),
        ("serve", 3, "alice", 1, 1),
        ("wait", 1.35),
        ("refund", 2, "alice", 5, 25),
        ("wait", 1.35),
        ("serve", 2, "alice", 3, 5),
    ],
    "a refund cancels what came later": [
        ("start", 1, LIMITS[10], (100, 100)),
        ("request", 1, "alice", 2, 2),
        ("serve", 2, "alice", 3, 1),
        ("serve", 3, "alice", 3, 1),
        ("serve", 0, "alice", 12, 1),
        ("wait", 12.0),
        ("refund", 2, "alice", 5, 32),
        ("wait", 27.0),
        ("request", 2, "alice", 12, 5),
        ("refund", 0, "alice", 5, 39),
        ("serve", 0, "alice", 12, 1),
        ("refund", 1, "alice", 5, 34),
        ("serve", 0, "alice", 1, 1),
        ("request", 0, "alice", 2, 1),
        ("serve", 1, "alice", 1, 5),
        ("charge", 3, "alice", 1),
        ("wait", 27.0),
    ],
    "a refund under way longer than a window": [
        ("start", 2, LIMITS[8], (1, 100)),
        ("serve", 3, "alice", 12, 2),
        ("refund", 3, "alice", 1, 29),
        ("wait", 4.2),
        ("serve", 0, "alice", 12, 1),
        ("serve", 3, "alice", 12, 1),
    ],
    "a refund alone cancels a charge": [
        ("start", 1, LIMITS[9], (100, 100)),
        ("exhaust", "alice"),
        ("wait", 78.0),
        ("lose_connection", 3),
        ("charge", 2, "alice", 1),
        ("refund", 3, "alice", 1, 20),
        ("connect", 3),
        ("wait", 54.0),
    ],
    "a reload behind a loss": [
        ("start", 1, LIMITS[4], (1, 100)),
        ("exhaust", "alice"),
        ("crash_authority", True, 0.0),
        ("request", 2, "bob", 2, 2),
        ("restart_authority", 60, 9, 1),
        ("wait", 20.0),
        ("reload", LIMITS[1]),
    ],
    "a reload of a window behind a loss": [
        ("start", 1, LIMITS[9], (100, 1)),
        ("serve", 1, "bob", 1, 2),
        ("crash_worker", 1, True),
        ("crash_authority", False, 0.0),
        ("restart_authority", 60, 0, 0),
        ("connect", 1),
        ("wait", 20.0),
        ("reload", LIMITS[6]),
    ],
    "a reload to a larger limit behind a loss": [
        ("start", 1, LIMITS[3], (1, 100)),
        ("serve", 2, "bob", 1, 7),
        ("request", 0, "alice", 1, 1),
        ("crash_authority", True, 2.0),
        ("restart_authority", 60, 0, 1),
        ("reload", LIMITS[5]),
    ],
    "two reloads around a loss": [
        ("start", 1, LIMITS[2], (1, 100)),
        ("reload", LIMITS[3]),
        ("exhaust", "alice"),
        ("crash_authority", True, 2.0),
        ("request", 1, "bob", 12, 2),
        ("wait", 20.0),
        ("restart_authority", 0, 9, 1),
        ("reload", LIMITS[1]),
    ],
    "a loss behind a reload": [
        ("start", 1, LIMITS[1], (1, 100)),
        ("serve", 0, "bob", 1, 3),
        ("serve", 2, "alice", 1, 1),
        ("wait", 3.0),
        ("reload", LIMITS[2]),
        ("crash_authority", True, 0.0),
        ("restart_authority", 0, 0, 1),
    ],
    "a reload to a shorter window behind a loss": [
        ("start", 1, LIMITS[9], (1, 100)),
        ("exhaust", "bob"),
        ("crash_authority", True, 0.0),
        ("request", 1, "alice", 12, 1),
        ("wait", 3.0),
        ("restart_authority", 2, 0, 1),
        ("reload", LIMITS[11]),
    ],
    "a key is forgotten that was used later than another, and not more": [
        ("start", 1, LIMITS[8], (100, 1)),
        ("serve", 1, "alice", 12, 1),
        ("serve", 3, "bob", 3, 3),
        ("refund", 3, "alice", 3, 12),
        ("wait", 3.0),
        ("exhaust", "alice"),
        ("exhaust", "bob"),
        ("wait", 3.0),
    ],
    "and again, while something was given back": [
        ("start", 1, LIMITS[8], (100, 1)),
        ("serve", 2, "bob", 3, 1),
        ("release", 0),
        ("serve", 1, "alice", 12, 1),
        ("serve", 0, "bob", 1, 1),
        ("refund", 3, "bob", 3, 12),
        ("wait", 3.0),
        ("serve", 3, "bob", 1, 1),
        ("release", 0),
        ("serve", 1, "alice", 1, 2),
        ("wait", 3.0),
    ],
}


@pytest.mark.parametrize("name", FOUND)
def test_a_schedule_that_was_found_keeps_the_promise(name: str) -> None:
    node = Node()
    try:
        for event, *arguments in FOUND[name]:
            getattr(node, event)(*arguments)
            node.level_and_leases_fit_the_bucket()
            node.the_authority_believes_in_no_more_than_there_is()
    finally:
        node.teardown()
