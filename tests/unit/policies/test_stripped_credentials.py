"""A backend sees a credential only if its entry says so, wherever in the request it stood."""

from collections.abc import Sequence
from typing import Any

import pytest

from hotgate.edge.incoming import Incoming
from hotgate.edge.request_head import request_head
from hotgate.http.headers import Field, Headers
from hotgate.http.request import Request
from hotgate.http.trace import trace_of
from hotgate.identity.places.credential_source import (
    BasicSource,
    BearerSource,
    CookieSource,
    CredentialSource,
    HeaderSource,
    QuerySource,
    SubprotocolSource,
)
from hotgate.identity.principal import Principal
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import CompileContext
from hotgate.pipeline.route import Route
from hotgate.policies.authenticate import POLICY

SECRET = "s3cr3t-of-a-caller"
ENCODED = "OnMzY3IzdC1vZi1hLWNhbGxlcg=="  # ":" and the secret, in base64
CODE = "key-malformed"

PLACES: dict[str, tuple[CredentialSource, list[Field], str]] = {
    "header": (HeaderSource(b"x-api-key", CODE), [(b"x-api-key", SECRET.encode())], ""),
    "bearer": (BearerSource(), [(b"authorization", f"Bearer {SECRET}".encode())], ""),
    "basic": (BasicSource(CODE), [(b"authorization", f"Basic {ENCODED}".encode())], ""),
    "query": (QuerySource("key", CODE), [], f"a=1&key={SECRET}&b=2"),
    "query, in another spelling": (QuerySource("key", CODE), [], f"a=1&%6Bey={SECRET}&b=2"),
    "cookie": (CookieSource("session", CODE), [(b"cookie", f"a=1; session={SECRET}; b=2".encode())], ""),
    "subprotocol": (
        SubprotocolSource("bearer.", CODE),
        [(b"sec-websocket-protocol", f"chat, bearer.{SECRET}, v2".encode())],
        "",
    ),
}


class Scripted:
    """An entry that lets in whoever has the secret in its place."""

    challenge = "Test"

    def __init__(self, name: str, source: CredentialSource, *, forwards: bool = False) -> None:
        self.name = name
        self.sources: Sequence[CredentialSource] = (source,)
        self.forwards_credential = forwards

    def authenticate(self, exchange: Exchange) -> Any:
        if self.sources[0].read(exchange.request) != SECRET.encode():
            return None
        return Principal("ada", provider=self.name, mechanism="test")


def head_after(entries: list[Scripted], fields: list[Field], query: str) -> bytes:
    """The head that the backend gets."""
    request = Request("GET", "/", Headers(list(fields)), host="a", authority=b"a", query=query.encode())
    exchange = Exchange(request, Route("r"), params={}, client="192.0.2.1", request_id="1", started=0.0)
    names = tuple(each.name for each in entries)
    for step in POLICY.compile(names, CompileContext("r", {each.name: each for each in entries})):
        assert step.run(exchange) is None
    assert exchange.principal is not None
    return request_head(exchange, Incoming(request), b"", trace_of(b""), b"")


@pytest.mark.parametrize("place", PLACES)
def test_what_let_the_caller_in_stays_here(place: str) -> None:
    source, fields, query = PLACES[place]
    head = head_after([Scripted("one", source)], fields, query)
    assert SECRET.encode() not in head
    assert ENCODED.encode() not in head


@pytest.mark.parametrize("place", PLACES)
def test_it_goes_on_only_if_its_entry_says_so(place: str) -> None:
    source, fields, query = PLACES[place]
    head = head_after([Scripted("one", source, forwards=True)], fields, query)
    assert SECRET.encode() in head or ENCODED.encode() in head


@pytest.mark.parametrize("place", PLACES)
def test_a_second_one_that_nobody_has_looked_at_does_not_pass_with_the_first(place: str) -> None:
    source, fields, query = PLACES[place]
    deciding = Scripted("deciding", HeaderSource(b"x-other", CODE), forwards=True)
    head = head_after([deciding, Scripted("other", source)], [(b"x-other", SECRET.encode()), *fields], query)
    assert head.count(SECRET.encode()) == 1
    assert b"x-other: " in head
    assert ENCODED.encode() not in head


@pytest.mark.parametrize(
    ("place", "left"),
    [
        ("query", b"GET /?a=1&b=2 HTTP/1.1"),
        ("cookie", b"cookie: a=1; b=2\r\n"),
        ("subprotocol", b"sec-websocket-protocol: chat, v2\r\n"),
    ],
)
def test_what_stands_beside_it_is_left(place: str, left: bytes) -> None:
    source, fields, query = PLACES[place]
    assert left in head_after([Scripted("one", source)], fields, query)
