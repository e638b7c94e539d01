import json

from hotgate.keys.key_ring import RingHolder
from hotgate.keys.rotation import first_ring
from hotgate.policies.published_keys import publishing_keys
from hotgate.testing import make_exchange

RING = first_ring("ES256", 0.0)


def holder() -> RingHolder:
    made = RingHolder()
    made.ring = RING
    return made


def test_the_set_may_be_kept_for_a_while() -> None:
    answer = publishing_keys(holder(), [])(make_exchange())
    assert answer.body is not None
    assert json.loads(answer.body) == json.loads(RING.jwks)
    assert answer.headers.get(b"content-type") == b"application/jwk-set+json"
    assert answer.headers.get(b"cache-control") == b"public, max-age=300"


def test_fields_of_the_file_come_first() -> None:
    answer = publishing_keys(holder(), [(b"cache-control", b"no-store"), (b"x-a", b"1")])(make_exchange())
    assert answer.headers.get_all(b"cache-control") == [b"no-store"]
    assert answer.headers.get(b"x-a") == b"1"


def test_answers_do_not_share_their_fields() -> None:
    publish = publishing_keys(holder(), [])
    publish(make_exchange()).headers.fields.clear()
    assert publish(make_exchange()).headers.get(b"content-type")


def test_without_keys_there_is_no_empty_set_that_somebody_would_keep() -> None:
    assert publishing_keys(RingHolder(), [])(make_exchange()).status == 503
