import json
import math

import pytest

from hotgate.keys.key_ring import KeyRing, RingKey
from hotgate.keys.signing_key import SigningKey

ONE, TWO = SigningKey.generate("ES256"), SigningKey.generate("EdDSA")
RING = KeyRing([RingKey(TWO, 200.0), RingKey(ONE, 100.0)])


def test_the_latest_key_whose_time_has_come_signs() -> None:
    assert RING.signing_at(199.9) is ONE
    assert RING.signing_at(200.0) is TWO


def test_a_clock_that_was_set_back_stops_nothing() -> None:
    assert RING.signing_at(0.0) is ONE


def test_everybody_can_know_when_another_key_begins() -> None:
    assert RING.next_change(150.0) == 200.0
    assert RING.next_change(200.0) == math.inf


def test_all_keys_are_published_also_the_one_that_does_not_sign_yet() -> None:
    assert [key["kid"] for key in json.loads(RING.jwks)["keys"]] == [ONE.kid, TWO.kid]
    assert b'"d"' not in RING.jwks


def test_the_first_of_given_keys_signs_and_all_are_published() -> None:
    ring = KeyRing.of_given([TWO.pem, ONE.pem])
    assert ring.signing_at(1_800_000_000.0).kid == TWO.kid
    assert {key["kid"] for key in json.loads(ring.jwks)["keys"]} == {ONE.kid, TWO.kid}


def test_a_ring_is_the_same_after_it_was_sent() -> None:
    assert KeyRing.from_message(json.loads(json.dumps(RING.message))) == RING
    assert KeyRing([RingKey(ONE, 100.0)]) != RING


@pytest.mark.parametrize("message", [[], [{}], [{"pem": "x", "signs_from": 0}], [None]])
def test_what_is_no_ring_is_refused(message: list[dict[str, object]]) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        KeyRing.from_message(message)
