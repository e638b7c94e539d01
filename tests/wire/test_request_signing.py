"""What the gateway signs of requests to backends and to webhooks: verified by others than who signed, as it arrives."""

import json
import time
from base64 import b64decode, b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standardwebhooks import Webhook, WebhookVerificationError

from hotgate import Exchange, policy
from hotgate.http.content_digest import check_content_digest
from hotgate.identity.principal import Principal
from hotgate.identity.signatures.covered_components import covered_components
from hotgate.identity.signatures.signature_base import signature_base
from hotgate.identity.signatures.signature_fields import SignatureInput, signature_inputs, signature_octets
from hotgate.identity.signatures.signature_key import PublicMessageKey
from hotgate.identity.signatures.signed_message import SignedMessage
from hotgate.identity.verification_keys.public_key import parse_public_key
from hotgate.identity.verification_keys.public_key_text import public_key_of_pem
from hotgate.keys.rotation import first_ring
from wire.message import Message
from wire.samples import OK
from wire.scenario import Wire, scenario
from wire.signing_client import NOW, PUBLIC, message, with_clock
from wire.signing_client import PRIVATE as PEM

SIGN = {"key": PEM, "key_id": "gateway-1"}
HMAC_SECRET = "whsec_" + b64encode(bytes(range(32))).decode()
SEED = bytes(range(32, 64))
ED25519_SECRET = "whsk_" + b64encode(SEED).decode()
WEBHOOK = {"sign": {"webhook": {"secrets": [HMAC_SECRET, ED25519_SECRET]}}}


@policy(phase="authenticate")
def is_ada(exchange: Exchange) -> None:
    exchange.principal = Principal("ada", provider="test", mechanism="jwt")


def said(received: Message, label: str = "hotgate") -> SignatureInput:
    """What the only signature of a request says of itself."""
    inputs = signature_inputs(received.fields, covered_components) or {}
    assert list(inputs) == [label]
    return inputs[label]


def is_signed(received: Message, key: PublicMessageKey, scheme: str = "http", label: str = "hotgate") -> bool:
    """Whether the signature is of the request as the backend got it."""
    method, target, _ = received.start.split(b" ")
    host = received.get(b"host") or b""
    seen = SignedMessage(method.decode(), scheme, host.lower(), target, received.fields)
    given = said(received, label)
    base = signature_base(seen, given.covered, given.written_parameters)
    return key.verifies(base, signature_octets(received.fields, label))


KEY = PublicMessageKey(public_key_of_pem(PUBLIC))


def get(*lines: str, target: str = "/a?b=c", body: bytes = b"") -> bytes:
    return message("POST" if body else "GET", target, "api.example", body, lines)


@scenario(upstream={"sign": {"message": SIGN}})
async def test_a_backend_can_verify_what_it_gets(wire: Wire) -> None:
    with_clock(wire)
    received, answer = await wire.exchange(get(), OK)
    assert answer.status == 200
    assert is_signed(received, KEY)
    parameters = said(received).parameters
    assert (parameters["created"], parameters["expires"]) == (NOW, NOW + 60)
    assert (parameters["keyid"], parameters["alg"]) == ("gateway-1", "ed25519")


@scenario(upstream={"sign": {"message": SIGN}, "host": "upstream"}, route={"rewrite": {"path": "/new"}})
async def test_it_is_the_rewritten_request_that_is_signed(wire: Wire) -> None:
    received, _ = await wire.exchange(get(target="//a/%7e?x"), OK)
    assert received.start == b"GET /new?x HTTP/1.1"
    assert received.get(b"host") != b"api.example"
    assert is_signed(received, KEY)


@scenario(upstream={"sign": {"message": SIGN}})
async def test_every_request_has_a_nonce_of_its_own(wire: Wire) -> None:
    client = await wire.send(get(), get())
    backend = await wire.backend.accept()
    nonces = set()
    for _ in range(2):
        nonces.add(said(await backend.message()).text("nonce"))
        backend.send(OK)
        await client.message()
    assert len(nonces) == 2


@pytest.mark.parametrize("name", ["Signature", "Signature-Input", "signature", "Signature.Input", "Content-Digest"])
@scenario(upstream={"sign": {"message": {**SIGN, "digest": True}}})
async def test_a_client_cannot_send_the_gateways_fields(wire: Wire, name: str) -> None:
    received, _ = await wire.exchange(get(f"{name}: hotgate=:AAAA:", body=b"x"), OK)
    assert not any(b"AAAA" in value for _, value in received.fields)
    assert is_signed(received, KEY)


@scenario(upstream={"sign": {"message": {**SIGN, "digest": True}}})
async def test_nor_as_trailers(wire: Wire) -> None:
    chunked = (
        get("Transfer-Encoding: chunked").replace(b"GET", b"POST", 1) + b"1\r\nx\r\n0\r\nSignature: s=:AAAA:\r\n\r\n"
    )
    received, _ = await wire.exchange(chunked, OK)
    assert received.trailers == []
    assert is_signed(received, KEY)


@scenario(upstream={"sign": {"message": {**SIGN, "digest": True, "max_body": "1KiB"}}})
async def test_a_body_is_signed_by_its_digest(wire: Wire) -> None:
    received, _ = await wire.exchange(get(body=b"hello"), OK)
    assert "content-digest" in said(received).covered.names
    check_content_digest(received.get_all(b"content-digest"), received.body)
    assert is_signed(received, KEY)
    client = await wire.send(get(body=b"x" * 1025))
    assert (await client.message()).status == 413


@scenario(upstream={"sign": {"message": {**SIGN, "digest": True}}})
async def test_where_there_is_no_body_there_is_no_digest(wire: Wire) -> None:
    received, _ = await wire.exchange(get(), OK)
    assert received.get(b"content-digest") is None
    assert is_signed(received, KEY)


@scenario(
    upstream={"sign": {"message": {**SIGN, "components": ["@method", "@path", "x-auth-subject", "accept", "date"]}}},
    policies=[is_ada],
)
async def test_fields_are_signed_where_they_are_there_also_those_of_the_caller(wire: Wire) -> None:
    received, _ = await wire.exchange(get("Accept: a", "Accept: b", "X-Auth-Subject: eve"), OK)
    assert said(received).covered.written == b'("@method" "@path" "x-auth-subject" "accept")'
    assert received.get(b"x-auth-subject") == b"ada"
    assert is_signed(received, KEY)


@scenario(upstream={"sign": {"message": {"label": "gw", "tag": "internal"}}})
async def test_the_gateways_own_keys_sign_where_none_is_given(wire: Wire) -> None:
    ring = first_ring("ES256", 0.0)
    wire.gateway.services["signing"].ring = ring
    received, _ = await wire.exchange(get(), OK)
    (published,) = json.loads(ring.jwks)["keys"]
    assert said(received, "gw").parameters["keyid"] == published["kid"]
    assert said(received, "gw").parameters["tag"] == "internal"
    assert is_signed(received, PublicMessageKey(parse_public_key(published)), label="gw")


@scenario(upstream={"sign": {"message": {}}})
async def test_without_a_key_nothing_is_sent_unsigned(wire: Wire) -> None:
    answer = await (await wire.send(get())).message()
    assert (answer.status, answer.code) == (503, "signing-unavailable")


def webhook_fields(received: Message) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in received.fields}


@scenario(upstream=WEBHOOK)
async def test_a_partner_verifies_a_webhook_with_the_reference_library(wire: Wire) -> None:
    with_clock(wire, now=time.time())
    body = b'{"type": "order.created"}'
    received, _ = await wire.exchange(get(body=body), OK)
    assert Webhook(HMAC_SECRET).verify(received.body, webhook_fields(received)) == json.loads(body)
    with pytest.raises(WebhookVerificationError):
        Webhook(HMAC_SECRET).verify(received.body + b" ", webhook_fields(received))


@scenario(upstream=WEBHOOK)
async def test_or_with_the_public_key(wire: Wire) -> None:
    received, _ = await wire.exchange(get(body=b"x"), OK)
    fields = webhook_fields(received)
    _, v1a = fields["webhook-signature"].split(" ")
    signed = f"{fields['webhook-id']}.{fields['webhook-timestamp']}.x".encode()
    assert v1a.startswith("v1a,")
    Ed25519PrivateKey.from_private_bytes(SEED).public_key().verify(b64decode(v1a[4:]), signed)


@pytest.mark.parametrize("name", ["webhook-id", "Webhook-Timestamp", "webhook-signature", "Webhook.Id"])
@scenario(upstream=WEBHOOK)
async def test_a_webhooks_fields_are_the_gateways(wire: Wire, name: str) -> None:
    received, _ = await wire.exchange(get(f"{name}: forged", body=b"x"), OK)
    assert not any(b"forged" in value for _, value in received.fields)


FROM_FIELD: dict[str, Any] = {"sign": {"webhook": {"secrets": [HMAC_SECRET], "id_from": "X-Event-Id"}}}


@scenario(upstream=FROM_FIELD)
async def test_an_event_that_is_sent_again_has_the_same_id(wire: Wire) -> None:
    received, _ = await wire.exchange(get("X-Event-Id: evt_1", body=b"x"), OK)
    assert received.get(b"webhook-id") == b"evt_1"


@pytest.mark.parametrize("lines", [[], ["X-Event-Id:"], ["X-Event-Id: a.1.b"], ["X-Event-Id: " + "x" * 257]])
@scenario(upstream=FROM_FIELD)
async def test_an_id_that_could_be_read_as_more_is_refused(wire: Wire, lines: list[str]) -> None:
    answer = await (await wire.send(get(*lines, body=b"x"))).message()
    assert (answer.status, answer.code) == (400, "webhook-id-invalid")
    assert b"x-event-id" in answer.body.lower()


@scenario(upstream={**WEBHOOK, "retries": {"attempts": 2, "on": ["connect", 503]}}, backends=2)
async def test_another_try_sends_the_same_event(wire: Wire) -> None:
    client = await wire.send(get(body=b"x").replace(b"POST", b"PUT", 1))
    seen = []
    for backend, answer in zip(wire.backends, [b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", OK], strict=True):
        connection = await backend.accept()
        seen.append((await connection.message()).get(b"webhook-id"))
        connection.send(answer)
    assert (await client.message()).status == 200
    assert seen[0] == seen[1]
