"""Proofs of possession over real sockets: one window for all workers, also across a control process that dies."""

import json
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from dpop_client import DpopClient
from hotgate.testing.issuer import Issuer
from integration.backend import backend_running
from integration.conftest import Gateway
from integration.customer import Answer, ask, bearer
from integration.served import serving
from openid_provider import OpenIdProvider, openid_provider
from openid_provider.settings import API, SECRET

ISSUER = Issuer()
ORIGIN = "https://api.example.com"
CONFIG = """
identity:
  corp:
    jwt:
      issuer: "https://idp.test"
      audience: api
      jwks_file: keys.json
      dpop: {{origins: ["https://api.example.com"], required: false}}
upstreams:
  echo: {{targets: ["{url}"]}}
routes:
  - {{name: orders, match: {{path: "/orders"}}, upstream: echo, authenticate: [corp]}}
"""


class Client:
    """Keeps the nonce that it was given last, and asks once more when it is told to (RFC 9449 §8)."""

    def __init__(self, gateway: Gateway, access: bytes = b"") -> None:
        self.key = DpopClient(url=f"{ORIGIN}/orders")
        self.gateway = gateway
        self.access = access or token(cnf=self.key.confirmation)
        self.nonce: str | None = None

    def fields(self) -> list[tuple[str, str]]:
        """Of a request with a new proof."""
        proof = self.key.proof(self.access, time.time(), nonce=self.nonce)
        return [("Authorization", f"DPoP {self.access.decode()}"), ("DPoP", proof.decode())]

    def ask(self) -> Answer:
        answer = ask(self.gateway.port, "/orders", self.fields())
        if answer.code == "proof-nonce-required":
            self.nonce = answer.field("dpop-nonce")
            answer = ask(self.gateway.port, "/orders", self.fields())
        return answer

    def ask_at_once(self, fields: list[tuple[str, str]], count: int = 16) -> list[tuple[int, str]]:
        """Status and code of so many requests with the same fields, on connections of their own: both workers."""
        with ThreadPoolExecutor(count) as pool:
            answers = list(pool.map(lambda _: ask(self.gateway.port, "/orders", fields), range(count)))
        return [(answer.status, answer.code) for answer in answers]


def token(**changes: object) -> bytes:
    now = int(time.time())
    claims = {"iss": ISSUER.name, "aud": "api", "sub": "ada", "iat": now, "exp": now + 600}
    return ISSUER.token({**claims, **changes})


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("dpop")
    (folder / "keys.json").write_text(json.dumps(ISSUER.jwks()))
    with backend_running() as backend, serving(folder, CONFIG.format(url=backend.url), workers=2) as running:
        yield running


def test_of_many_requests_with_one_proof_one_is_served(gateway: Gateway) -> None:
    client = Client(gateway)
    assert client.ask().status == 200
    for _ in range(3):
        found = client.ask_at_once(client.fields())
        assert sorted(set(found)) == [(200, ""), (401, "proof-replayed")]
        assert found.count((200, "")) == 1


def test_a_nonce_is_good_at_every_worker(gateway: Gateway) -> None:
    client = Client(gateway)
    client.ask()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: ask(gateway.port, "/orders", client.fields()).status, range(32)))
    assert answers == [200] * 32


def test_a_new_control_process_accepts_no_proof_that_the_old_one_has_seen(gateway: Gateway) -> None:
    client = Client(gateway)
    client.ask()
    used = client.fields()
    assert client.ask_at_once(used, 1) == [(200, "")]
    gateway.signal(signal.SIGKILL)
    gateway.wait_for_exit()
    gateway.until(lambda: client.ask_at_once(client.fields(), 1) == [(503, "proofs-unavailable")])
    assert ask(gateway.port, "/orders", bearer(token())).status == 200
    gateway.start()
    gateway.until(lambda: client.ask().status == 200)
    assert set(client.ask_at_once(used)) == {(401, "proof-nonce-required")}


@pytest.mark.peers
def test_tokens_that_a_provider_has_bound_to_a_key(tmp_path: Path) -> None:
    with openid_provider() as provider, backend_running() as backend:
        keys = f'jwks_url: "{provider.metadata["jwks_uri"]}"'
        config = CONFIG.format(url=backend.url).replace("jwks_file: keys.json", keys)
        config = config.replace("https://idp.test", provider.issuer).replace("audience: api", f'audience: "{API}"')
        with serving(tmp_path, config) as gateway:
            client = Client(gateway)
            client.access = bound_token(provider, client.key)
            assert client.ask().status == 200
            thief = Client(gateway, client.access)
            assert thief.ask().code == "token-binding-mismatch"
            assert ask(gateway.port, "/orders", bearer(client.access)).code == "token-binding-mismatch"


def bound_token(provider: OpenIdProvider, key: DpopClient) -> bytes:
    """An access token for API, asked for with a proof (RFC 9449 §5)."""
    endpoint = provider.metadata["token_endpoint"]
    proof = key.proof(b"", time.time(), htm="POST", htu=endpoint, ath=None)
    answer = httpx.post(
        endpoint,
        data={"grant_type": "client_credentials", "resource": API, "scope": "orders:read"},
        auth=("service", SECRET),
        headers={"dpop": proof.decode()},
        trust_env=False,
    )
    assert answer.json()["token_type"] == "DPoP", answer.text
    return str(answer.json()["access_token"]).encode()
