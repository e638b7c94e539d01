"""What a message signature must cover: the whole request, and its body by a digest."""

from typing import Any

import pytest

from wire.samples import OK
from wire.scenario import Wire, scenario
from wire.signing_client import BODY, Signed, digest, fields_over, message, refused, signed_route, with_clock

INCOMPLETE: list[dict[str, str]] = [
    {},
    {'"@method"': "GET"},
    {'"@method"': "GET", '"@path"': "/orders", '"@query"': "?a=b"},
    {'"@method"': "GET", '"@authority"': "api.example", '"@path"': "/orders"},
    {'"@authority"': "api.example", '"@path"': "/orders", '"@query"': "?a=b"},
    {'"@method"': "GET", '"@authority"': "api.example", '"@path"': "/orders", '"@query-param";name="a"': "b"},
]


@pytest.mark.parametrize("covered", INCOMPLETE)
@scenario(**signed_route())
async def test_a_signature_must_cover_the_whole_request(wire: Wire, covered: dict[str, str]) -> None:
    assert await refused(wire, Signed().request(fields_over(covered))) == "signature-incomplete"


@pytest.mark.parametrize(
    "covered",
    [
        {'"@method"': "GET", '"@target-uri"': "http://api.example/orders?a=b"},
        {'"@method"': "GET", '"@authority"': "api.example", '"@request-target"': "/orders?a=b"},
    ],
)
@scenario(**signed_route())
async def test_the_target_may_be_covered_as_a_whole(wire: Wire, covered: dict[str, str]) -> None:
    with_clock(wire)
    _, answer = await wire.exchange(Signed().request(fields_over(covered)), OK)
    assert answer.status == 200


@scenario(**signed_route(components=["@method", "@target-uri", "authorization"]))
async def test_a_field_that_must_be_covered_must_be_there(wire: Wire) -> None:
    assert await refused(wire, Signed().request()) == "signature-incomplete"


@scenario(**signed_route())
async def test_a_body_needs_a_covered_digest(wire: Wire) -> None:
    assert await refused(wire, Signed().request(method="GET", body=BODY)) == "signature-incomplete"


@pytest.mark.parametrize("told", [[digest(b"x")], [digest(BODY), digest(b"x")], [digest(BODY).upper()]])
@scenario(**signed_route())
async def test_the_digest_of_another_body_does_not_pass(wire: Wire, told: list[str]) -> None:
    signed = Signed(method="POST", body=BODY, components={'"content-digest"': ", ".join(told)})
    fields = [line for line in signed.fields() if not line.startswith("Content-Digest")]
    request = signed.request([*fields, *(f"Content-Digest: {each}" for each in told)])
    assert await refused(wire, request) == "digest-mismatch"


@scenario(**signed_route())
async def test_another_body_does_not_pass(wire: Wire) -> None:
    request = Signed(method="POST", body=BODY).request(body=BODY[::-1])
    assert await refused(wire, request) == "digest-mismatch"


def of_one_member(kind: str, sent: bytes) -> bytes:
    """A request whose signature covers that member of `Content-Digest` alone, with the body that is sent."""
    told = {'"@method"': "POST", '"@target-uri"': "http://api.example/orders?a=b"}
    value = digest(BODY).partition("=")[2]
    lines = [*fields_over({**told, f'"content-digest";key="{kind}"': value}), f"Content-Digest: {kind}={value}"]
    return message("POST", "/orders?a=b", "api.example", sent, lines)


@pytest.mark.parametrize("rules", [{}, {"digest": "optional"}])
def test_a_body_is_compared_with_a_member_that_is_covered_alone(rules: dict[str, Any]) -> None:
    @scenario(**signed_route(**rules))
    async def play(wire: Wire) -> None:
        assert await refused(wire, of_one_member("sha-256", BODY[::-1])) == "digest-mismatch"
        with_clock(wire)  # and nobody who remembers the nonce
        _, answer = await wire.exchange(of_one_member("sha-256", BODY), OK)
        assert answer.status == 200

    play()


@scenario(**signed_route())
async def test_a_member_that_is_compared_with_nothing_covers_no_body(wire: Wire) -> None:
    assert await refused(wire, of_one_member("md5", BODY)) == "signature-incomplete"


@scenario(**signed_route())
async def test_a_second_digest_field_breaks_the_signature(wire: Wire) -> None:
    signed = Signed(method="POST", body=BODY)
    request = signed.request([*signed.fields(), f"Content-Digest: {digest(b'x')}"])
    assert await refused(wire, request) == "signature-invalid"


@scenario(**signed_route(max_body="1KiB"))
async def test_a_body_is_held_up_to_a_limit(wire: Wire) -> None:
    with_clock(wire)
    client = await wire.send(Signed(method="POST", body=b"x" * 1025).request())
    assert (await client.message()).status == 413


@scenario(**signed_route())
async def test_a_bad_signature_is_refused_before_its_body_is_there(wire: Wire) -> None:
    signed = Signed(method="POST", body=BODY)
    request = signed.request(signed.fields(b"x" * 64)).removesuffix(BODY)
    assert await refused(wire, request) == "signature-invalid"
