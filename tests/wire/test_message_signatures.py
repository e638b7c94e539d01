"""HTTP Message Signatures on the wire: what was signed is what the backend gets, and nothing else is let in."""

from typing import Any

import pytest

from hotgate.runtime.compiling.problems import CompileProblems
from wire.samples import OK
from wire.scenario import Wire, scenario
from wire.signing_client import (
    BODY,
    HOSTS,
    KEYS,
    SECRET,
    Signed,
    fields_over,
    partner,
    refused,
    signed_route,
    with_clock,
)


@scenario(**signed_route())
async def test_a_signed_request_reaches_the_backend_with_its_caller_and_without_its_signature(wire: Wire) -> None:
    with_clock(wire)
    received, answer = await wire.exchange(Signed().request(), OK)
    assert answer.status == 200
    assert received.get(b"x-auth-subject") == b"ada"
    assert received.get(b"signature") is received.get(b"signature-input") is None


@scenario(**signed_route(forward_signature=True))
async def test_a_backend_that_wants_it_gets_the_signature(wire: Wire) -> None:
    with_clock(wire)
    received, _ = await wire.exchange(Signed().request(), OK)
    assert received.get(b"signature") is not None


@scenario(**signed_route())
async def test_without_a_signature_the_client_is_told_the_scheme(wire: Wire) -> None:
    assert await refused(wire, b"GET / HTTP/1.1\r\nHost: api.example\r\n\r\n") == "token-missing"


@scenario(**signed_route())
async def test_a_body_is_compared_with_its_digest_and_forwarded(wire: Wire) -> None:
    with_clock(wire)
    received, answer = await wire.exchange(Signed(method="POST", body=BODY).request(), OK)
    assert (answer.status, received.body) == (200, BODY)


@scenario(**signed_route())
async def test_content_length_may_be_covered(wire: Wire) -> None:
    with_clock(wire)
    signed = Signed(method="POST", body=BODY, components={'"content-length"': str(len(BODY))})
    _, answer = await wire.exchange(signed.request(), OK)
    assert answer.status == 200


@scenario(**signed_route())
async def test_an_expecting_client_is_asked_for_its_body_once_its_signature_is_good(wire: Wire) -> None:
    with_clock(wire)
    signed = Signed(method="POST", body=BODY, lines=["Expect: 100-continue"])
    client = await wire.send(signed.request().removesuffix(BODY))
    assert (await client.message()).status == 100
    client.send(BODY)
    backend = await wire.backend.accept()
    assert (await backend.message()).body == BODY


CHANGED: list[dict[str, Any]] = [
    {"method": "DELETE"},
    {"target": "/orders?a=c"},
    {"target": "/orders"},
    {"target": "/orders?a=b&a=b"},
    {"target": "/admin?a=b"},
    {"target": "//orders?a=b"},  # the same canonical path, and yet not what was signed
    {"target": "/./orders?a=b"},
    {"target": "/%6Frders?a=b"},
    {"target": "http://api.example/other?a=b"},
    {"host": "other.example"},
    {"host": "api.example:8080"},
    {"host": "api.example."},
]


@pytest.mark.parametrize("change", CHANGED)
@scenario(**signed_route())
async def test_nothing_of_the_request_can_be_changed(wire: Wire, change: dict[str, Any]) -> None:
    assert await refused(wire, Signed().request(**change)) == "signature-invalid"


@scenario(**signed_route())
async def test_a_target_that_is_made_canonical_is_verified_as_it_was_sent(wire: Wire) -> None:
    with_clock(wire)
    received, answer = await wire.exchange(Signed(target="/a//b/%7Ex?q").request(), OK)
    assert (answer.status, received.start) == (200, b"GET /a/b/~x?q HTTP/1.1")


@scenario(**signed_route())
async def test_the_host_counts_in_any_case_and_with_its_default_port(wire: Wire) -> None:
    with_clock(wire)
    _, answer = await wire.exchange(Signed().request(host="API.example:80"), OK)
    assert answer.status == 200


@scenario(**signed_route())
async def test_a_query_cannot_be_added_where_none_was_covered(wire: Wire) -> None:
    signed = Signed(target="/orders")
    said = {name: value for name, value in signed.covered.items() if name != '"@query"'}
    bare = Signed(target="/orders")
    bare.components = {}
    fields = fields_over(said)
    assert await refused(wire, bare.request(fields, target="/orders?admin=1")) == "signature-incomplete"


BOTH: dict[str, Any] = {
    "routes": [
        {
            "name": "all",
            "match": {"path": "/*", "hosts": HOSTS},
            "upstream": "api",
            "authenticate": [{"all": ["partners", "secrets"]}],
        }
    ],
    "settings": {
        "identity": {
            "partners": {"signature": {"keys": KEYS}},
            "secrets": {"hmac": {"keys": {"acme": {"secret": SECRET}}}},
        }
    },
}


@pytest.mark.parametrize(("hashed", "status"), [(BODY, 200), (b"other", 401)])
@scenario(**BOTH)
async def test_of_two_signatures_that_must_come_together_both_speak_of_the_body(
    wire: Wire, hashed: bytes, status: int
) -> None:
    with_clock(wire)
    authorization = partner(method="POST", body=hashed)
    client = await wire.send(Signed(method="POST", body=BODY, lines=[f"Authorization: {authorization}"]).request())
    if status == 200:
        backend = await wire.backend.accept()
        assert (await backend.message()).body == BODY
        backend.send(OK)
    assert (await client.message()).status == status


@scenario(**BOTH)
async def test_half_of_them_uses_up_no_nonce(wire: Wire) -> None:
    with_clock(wire)
    assert (await (await wire.send(Signed().request())).message()).status == 401
    complete = Signed(lines=[f"Authorization: {partner()}"]).request()
    _, answer = await wire.exchange(complete, OK)
    assert answer.status == 200


@scenario(
    routes=[
        {
            "name": "all",
            "match": {"path": "/*"},
            "upstream": "api",
            "authenticate": ["partners"],
        }
    ],
    settings={"identity": {"partners": {"hmac": {"keys": {"acme": {"secret": SECRET}}}}}},
)
async def test_a_route_for_any_host_takes_no_signature_of_somebody_elses(wire: Wire) -> None:
    entry = {"partners": {"signature": {"keys": KEYS}}}
    with pytest.raises(CompileProblems, match="hosts"):
        wire.gateway.reconfigure({**wire.gateway.configuration, "identity": entry})
