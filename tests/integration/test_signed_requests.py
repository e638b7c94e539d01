"""Signed requests over real sockets: one memory of nonces for all workers, and keys that callers publish in files."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex

import pytest

from hotgate.identity import base64url
from integration.conftest import Gateway
from integration.customer import ask
from integration.served import serving
from wire.signing_client import KEY, PUBLIC, SECRET, Signed, partner

CONFIG = f"""
identity:
  signers: {{signature: {{keys: {{k1: {{public_key: k1.pem}}}}, jwks: [{{file: acme.json, consumer: acme}}]}}}}
  partners: {{hmac: {{keys: {{acme: {{secret: "{SECRET}"}}}}}}}}
routes:
  - {{name: signed, match: {{hosts: [127.0.0.1], path: "/signed"}}, authenticate: [signers], respond: {{body: ok}}}}
  - {{name: hmac, match: {{path: "/hmac"}}, authenticate: [partners], respond: {{body: ok}}}}
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("signed")
    (folder / "k1.pem").write_text(PUBLIC)
    public = base64url.encode(KEY.public_key().public_bytes_raw()).decode()
    keys = [{"kty": "OKP", "crv": "Ed25519", "x": public, "kid": "published"}]
    (folder / "acme.json").write_text(json.dumps({"keys": keys}))
    with serving(folder, CONFIG, workers=2) as running:
        yield running


def now() -> int:
    """A second that began after the gateway did, for it takes nothing from before."""
    return int(time.time()) + 1


def signature(gateway: Gateway, key_id: str = "k1") -> list[tuple[str, str]]:
    parameters = f';created={now()};keyid="{key_id}";nonce="{token_hex(8)}"'
    signed = Signed(target="/signed", host=f"127.0.0.1:{gateway.port}", parameters=parameters)
    return [(name, value) for name, _, value in (line.partition(": ") for line in signed.fields())]


def authorization(gateway: Gateway) -> list[tuple[str, str]]:
    host = f"127.0.0.1:{gateway.port}"
    signed = partner(timestamp=now(), nonce=token_hex(8), host=host, target="/hmac")
    return [("Authorization", signed)]


@pytest.mark.parametrize(("path", "sign"), [("/signed", signature), ("/hmac", authorization)])
def test_of_many_requests_with_one_nonce_one_is_served(
    gateway: Gateway, path: str, sign: Callable[[Gateway], list[tuple[str, str]]]
) -> None:
    fields = sign(gateway)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: ask(gateway.port, path, fields), range(16)))
    found = [(answer.status, answer.code) for answer in answers]
    assert sorted(set(found)) == [(200, ""), (401, "signature-replayed")]
    assert found.count((200, "")) == 1


def test_a_published_key_signs(gateway: Gateway) -> None:
    assert ask(gateway.port, "/signed", signature(gateway, "published")).status == 200
