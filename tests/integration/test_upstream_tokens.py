"""Tokens for upstreams from the certified provider: the gateway's own, and those in exchange for callers'."""

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from integration.backend import backend_running
from integration.conftest import Gateway
from integration.customer import Answer, Fields, ask, bearer
from integration.served import serving
from openid_provider import OpenIdProvider, Settings, client, openid_provider, service
from openid_provider.settings import API, SECRET

pytestmark = pytest.mark.peers

ORDERS = "https://orders.example.com"
SHORT = "https://short.example.com"
CONFIG = """
identity:
  corp: {{jwt: {{issuer: "{issuer}", audience: "https://api.example.com", jwks_url: "{issuer}/jwks"}}}}
upstreams:
  own:
    targets: ["{url}"]
    credentials:
      client_credentials:
        issuer: "{issuer}"
        client: {{id: gateway, secret: "{secret}"}}
        resource: "https://short.example.com"
        scopes: ["orders:read"]
  exchanged:
    targets: ["{url}"]
    credentials:
      token_exchange:
        token_url: "{issuer}/token"
        client: {{id: gateway, secret: "{secret}", authentication: client_secret_post}}
        resource: "https://orders.example.com"
        act_as_gateway: true
  nowhere:
    targets: ["{url}"]
    credentials:
      token_exchange:
        issuer: "{issuer}"
        client: {{id: gateway, secret: "{secret}"}}
        resource: "https://unknown.example.com"
routes:
  - {{name: own, match: {{path: "/own"}}, upstream: own, public: true}}
  - {{name: exchanged, match: {{path: "/exchanged"}}, upstream: exchanged, authenticate: [corp]}}
  - {{name: nowhere, match: {{path: "/nowhere"}}, upstream: nowhere, authenticate: [corp]}}
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIdProvider]:
    scope = {"scope": "orders:read"}
    gateway = service("gateway")
    exchange = "urn:ietf:params:oauth:grant-type:token-exchange"
    clients = [{**gateway, "grant_types": [*gateway["grant_types"], exchange]}, client("web", "https://a.example/cb")]
    resources: dict[str, dict[str, Any]] = {API: scope, ORDERS: scope, SHORT: {**scope, "ttl": 2}}
    with openid_provider(Settings(clients=clients, resources=resources, default_resource=API)) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(provider: OpenIdProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("tokens")
    with backend_running() as backend:
        config = CONFIG.format(issuer=provider.issuer, url=backend.url, secret=SECRET)
        with serving(folder, config, workers=2) as running:
            yield running


@pytest.fixture(scope="module")
def alice(provider: OpenIdProvider) -> bytes:
    token: str = provider.sign_in("alice", "web", resource=API, scope="openid orders:read")["access_token"]
    return token.encode()


def claims(answer: Answer) -> dict[str, Any]:
    """Of the token that the backend was shown."""
    assert answer.status == 200, answer
    (shown,) = [value for name, value in json.loads(answer.body)["fields"] if name == "authorization"]
    payload = shown.removeprefix("Bearer ").split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


def at_once(gateway: Gateway, path: str, fields: Fields, count: int = 8) -> list[Answer]:
    """On connections of their own, so that they reach both workers."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _: ask(gateway.port, path, fields), range(count)))


def test_the_gateways_own_token_is_fetched_for_all_workers_and_renewed(
    gateway: Gateway, provider: OpenIdProvider
) -> None:
    found = [claims(answer) for answer in at_once(gateway, "/own", bearer(b"mine"))]
    assert {(each["client_id"], each["aud"], each["scope"]) for each in found} == {("gateway", SHORT, "orders:read")}
    first = {each["jti"] for each in found}
    assert len(first) == 1
    gateway.until(lambda: claims(ask(gateway.port, "/own"))["jti"] not in first)


def test_a_callers_token_is_exchanged_once_for_all_workers(
    gateway: Gateway, provider: OpenIdProvider, alice: bytes
) -> None:
    found = [claims(answer) for answer in at_once(gateway, "/exchanged", bearer(alice))]
    assert {(each["sub"], each["aud"], each["act"]["sub"]) for each in found} == {("alice", ORDERS, "gateway")}
    assert len({each["jti"] for each in found}) == 1
    other = provider.sign_in("bob", "web", resource=API, scope="openid orders:read")["access_token"]
    assert claims(ask(gateway.port, "/exchanged", bearer(other.encode())))["sub"] == "bob"


def test_a_target_that_the_provider_does_not_know_is_closed(gateway: Gateway, alice: bytes) -> None:
    answer = ask(gateway.port, "/nowhere", bearer(alice))
    assert (answer.status, json.loads(answer.body)["code"]) == (403, "upstream-access-denied")


def test_while_the_provider_is_down_what_is_known_goes_on(
    gateway: Gateway, provider: OpenIdProvider, alice: bytes
) -> None:
    claims(ask(gateway.port, "/exchanged", bearer(alice)))
    bob = provider.sign_in("bob", "web", resource=API, scope="openid orders:read")["access_token"].encode()
    provider.fault("/token", status=500, body='{"error": "secret of the provider"}')
    try:
        assert {each.status for each in at_once(gateway, "/exchanged", bearer(alice))} == {200}
        refused = ask(gateway.port, "/exchanged", bearer(bob))
        assert (refused.status, json.loads(refused.body)["code"]) == (503, "upstream-credential-unavailable")
        gateway.until(lambda: ask(gateway.port, "/own").status == 503)
    finally:
        provider.heal()
    gateway.until(lambda: ask(gateway.port, "/own").status == 200)
    assert claims(ask(gateway.port, "/exchanged", bearer(bob)))["sub"] == "bob"


def test_nothing_tells_a_secret_or_a_token(gateway: Gateway, alice: bytes) -> None:
    told = str(gateway.log) + (gateway.folder / "access.log").read_text() + str(gateway.status())
    told += gateway.admin("/metrics")[1]
    for hidden in (SECRET, alice.decode(), "eyJ", "secret of the provider"):
        assert hidden not in told
    states = {state["upstream"]: state for state in gateway.status()["upstream_tokens"]}
    assert states["own"]["kind"] == "client_credentials"
    assert states["exchanged"]["kept"] >= 2
    assert 'hotgate_upstream_token_requests_total{result="ok",upstream="own"}' in gateway.admin("/metrics")[1]
