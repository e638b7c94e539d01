"""Header and query conditions: all must hold, and what is sent twice equals nothing."""

import pytest

from hotgate.http.headers import Field, Headers
from hotgate.http.request import Request
from hotgate.routing.conditions import Conditions, query_parameters

CANARY = Conditions((("X-Canary", "yes"), ("x-user", None)), (("v", "2"), ("debug", None)))
MET = [(b"x-canary", b"yes"), (b"x-user", b"anna")]


def request(fields: list[Field]) -> Request:
    return Request("GET", "/", Headers(fields))


def test_all_must_hold() -> None:
    assert CANARY.hold(request(MET), query_parameters(b"v=2&debug"))
    assert not CANARY.hold(request(MET[:1]), query_parameters(b"v=2&debug"))
    assert not CANARY.hold(request(MET), query_parameters(b"v=2"))
    assert not CANARY.hold(request(MET), query_parameters(b"v=3&debug"))
    assert not CANARY.hold(request([(b"x-canary", b"Yes"), MET[1]]), query_parameters(b"v=2&debug"))


def test_a_repeated_name_has_no_value_but_is_present() -> None:
    assert not CANARY.hold(request([*MET, (b"x-canary", b"yes")]), query_parameters(b"v=2&debug"))
    assert not CANARY.hold(request(MET), query_parameters(b"v=2&v=2&debug"))
    assert CANARY.hold(request([*MET, (b"x-user", b"bert")]), query_parameters(b"v=2&debug&debug=1"))


@pytest.mark.parametrize("query", [b"v=%32&debug=", b"%76=2&debug=x", b"&&v=2&debug"])
def test_queries_are_compared_decoded(query: bytes) -> None:
    assert CANARY.hold(request(MET), query_parameters(query))


def test_an_endless_query_has_no_parameters() -> None:
    assert query_parameters(b"v=2&debug" + b"&a" * 10_000) == {}
