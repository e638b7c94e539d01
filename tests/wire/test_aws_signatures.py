"""AWS signatures over the wire: what is signed is what the backend gets, checked with botocore."""

import re
from hashlib import sha256
from typing import Any

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from hotgate.pipeline.declare import policy
from hotgate.pipeline.exchange import Exchange
from wire.message import Message
from wire.scenario import Wire, scenario

ID, SECRET, SESSION = "AKIDEXAMPLE", "s3cret/of+the=gateway", "session-token"
KEYS = {"region": "eu-central-1", "service": "execute-api", "access_key_id": ID, "secret_access_key": SECRET}
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
FAILED = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"


def upstream(**settings: Any) -> dict[str, Any]:
    return {"host": "upstream", "credentials": {"aws_sigv4": {**KEYS, **settings}}}


def request(*lines: bytes, target: bytes = b"/", method: bytes = b"GET") -> bytes:
    return b"\r\n".join([method + b" " + target + b" HTTP/1.1", b"Host: a", *lines, b"", b""])


def is_signed_well(got: Message, service: str = "execute-api") -> bool:
    """Whether AWS would accept it: the signature is made anew, from nothing but what the backend got."""
    said = (got.get(b"authorization") or b"").decode()
    signed = re.fullmatch(r".* SignedHeaders=(\S+), Signature=([0-9a-f]{64})", said)
    assert signed is not None
    method, target, _ = got.start.decode().split(" ")
    host = (got.get(b"host") or b"").decode()
    fields = [(name.decode(), value.decode()) for name, value in got.fields if name.decode() in signed[1].split(";")]
    made = AWSRequest(method, f"http://{host}{target}", data=got.body)
    for name, value in fields:
        made.headers.add_header(name, value)
    made.context["timestamp"] = made.headers["x-amz-date"]
    kind: Any = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
    signer = kind(Credentials(ID, SECRET), service, "eu-central-1")
    text = signer.string_to_sign(made, signer.canonical_request(made))
    return (
        bool(signer.signature(text, made) == signed[2])
        and made.headers["x-amz-content-sha256"] == sha256(got.body).hexdigest()
    )


@scenario(upstream=upstream(session_token=SESSION), route={"rewrite": {"path": "/prod/x%20y"}})
async def test_what_is_signed_is_what_is_sent(wire: Wire) -> None:
    lines = (b"Authorization: AWS4-HMAC-SHA256 mine", b"X-Amz-Date: mine", b"X_Amz_Security_Token: mine")
    more = (b"X-Amz-Target: Do.It", b"Content-Type: application/json", b"X.Amz.Date: mine", b"Content-Length: 7")
    head = request(*lines, *more, target=b"/a?b=2&a=x%20y&a=1&c", method=b"POST")
    got, answer = await wire.exchange(head + b'{"a":1}', ANSWER)
    assert is_signed_well(got)
    assert b"content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token;x-amz-target" in (
        got.get(b"authorization") or b""
    )
    assert got.get_all(b"x-amz-security-token") == [SESSION.encode()]
    assert b"mine" not in [value for _, value in got.fields]
    assert SECRET not in repr(got) + repr(answer) + str(wire.gateway.records.lines)


@scenario(upstream={**upstream(), "host": "preserve"})
async def test_the_hosts_of_clients_are_signed_if_backends_get_them(wire: Wire) -> None:
    got, _ = await wire.exchange(request(), ANSWER)
    assert got.get(b"host") == b"a"
    assert is_signed_well(got)


@policy(phase="shape", body="64KiB")
def in_capitals(exchange: Exchange) -> None:
    exchange.request.body = (exchange.request.body or b"").upper()
    exchange.request.query = b"changed=1"


@scenario(upstream=upstream(), policies=[in_capitals])
async def test_what_policies_have_changed_is_signed(wire: Wire) -> None:
    head = request(b"Transfer-Encoding: chunked", method=b"POST")
    got, _ = await wire.exchange(head + b"2\r\nhi\r\n0\r\n\r\n", ANSWER)
    assert (got.start, got.body) == (b"POST /?changed=1 HTTP/1.1", b"HI")
    assert is_signed_well(got)


@scenario(upstream=upstream(max_body="1KiB"))
async def test_a_body_that_is_too_large_to_be_held_is_refused(wire: Wire) -> None:
    client = await wire.send(request(b"Content-Length: 1025", method=b"PUT"))
    assert (await client.message()).status == 413


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"targets": ["http://a.example"], **upstream(service="s3", payload="unsigned")}, "is for S3 alone"),
        ({"targets": ["https://a.example"], **upstream(payload="unsigned")}, "is for S3 alone"),
        ({"targets": ["https://a.example", "http://b.example"], **upstream(service="s3")}, "each target here"),
    ],
)
@scenario()
async def test_what_would_not_be_protected_is_not_taken(wire: Wire, settings: dict[str, Any], says: str) -> None:
    changed = {**wire.gateway.configuration, "upstreams": {"api": settings}}
    with pytest.raises(ValueError, match=says):
        wire.gateway.reconfigure(changed)


@scenario(upstream={**upstream(service="s3"), "host": "preserve", "retries": {"attempts": 2, "on": [503]}}, backends=2)
async def test_another_try_is_signed_as_well(wire: Wire) -> None:
    client = await wire.send(request(target=b"/bucket/key%20a"))
    for backend, answer in zip(wire.backends, (FAILED, ANSWER), strict=True):
        peer = await backend.accept()
        assert is_signed_well(await peer.message(), "s3")
        peer.send(answer)
    assert (await client.message()).status == 200
