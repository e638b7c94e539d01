"""A verifier that knows a set no older than it may keep it never meets a key that it does not know."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from hotgate.keys.key_ring import JWKS_MAX_AGE, KeyRing
from hotgate.keys.rotation import PUBLISHED_AFTER, PUBLISHED_BEFORE, first_ring, needs_rotation, rotated, with_next

DAY = 86400.0
START = 1_800_000_000.0
LONGEST_LIFE = 300.0


def published(ring: KeyRing) -> list[str]:
    return [key["kid"] for key in json.loads(ring.jwks)["keys"]]


def test_the_first_key_signs_at_once() -> None:
    ring = first_ring("ES256", START)
    assert ring.signing_at(START).kid == published(ring)[0]
    assert not needs_rotation(ring, "ES256", DAY, START)
    assert rotated(ring, "ES256", DAY, START) == ring


def test_the_next_key_is_published_before_it_signs_and_the_last_one_after() -> None:
    ring = first_ring("ES256", START)
    first = ring.signing_at(START)
    due = START + DAY - PUBLISHED_BEFORE
    assert not needs_rotation(ring, "ES256", DAY, due - 1)
    ring = rotated(ring, "ES256", DAY, due)
    assert len(published(ring)) == 2
    assert ring.signing_at(START + DAY - 1).kid == first.kid
    assert ring.signing_at(START + DAY).kid != first.kid
    gone = START + DAY + PUBLISHED_AFTER
    assert not needs_rotation(ring, "ES256", DAY, gone - 1)
    assert first.kid not in published(rotated(ring, "ES256", DAY, gone))


def test_another_algorithm_takes_over_in_the_same_way() -> None:
    ring = rotated(first_ring("ES256", START), "EdDSA", DAY, START + 1)
    assert ring.signing_at(START + 1).algorithm == "ES256"
    assert ring.signing_at(START + 1 + PUBLISHED_BEFORE).algorithm == "EdDSA"


def test_asking_again_for_a_rotation_makes_no_second_key() -> None:
    ring = with_next(first_ring("ES256", START), "ES256", START)
    assert with_next(ring, "ES256", START + 1) is ring


def test_a_gateway_that_was_off_for_a_year_goes_on_with_its_key_until_the_next_is_known() -> None:
    ring = first_ring("ES256", START)
    later = START + 366 * DAY
    new = rotated(ring, "ES256", DAY, later)
    assert new.signing_at(later).kid == ring.signing_at(START).kid
    assert new.signing_at(later + PUBLISHED_BEFORE).kid != ring.signing_at(START).kid


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(1.0, 2 * DAY), min_size=1, max_size=10), st.floats(0.0, float(JWKS_MAX_AGE)))
def test_at_any_time_a_kept_set_has_the_key_of_every_good_assertion(steps: list[float], age: float) -> None:
    now, ring = START, first_ring("ES256", START)
    for step in steps:
        known = published(ring)  # as a verifier fetched it
        signer_of_old = ring.signing_at(now)
        ring = rotated(ring, "ES256", 3 * DAY, now + age)
        assert ring.signing_at(now + age).kid in known  # signed by the newest ring, verified with the older set
        assert signer_of_old.kid in published(rotated(ring, "ES256", 3 * DAY, now + LONGEST_LIFE))
        now += step
        ring = rotated(ring, "ES256", 3 * DAY, now)
