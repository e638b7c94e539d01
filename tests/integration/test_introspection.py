"""Opaque tokens of a certified provider, which is asked about them by a real gateway."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.conftest import Gateway
from openid_provider import OpenIdProvider, Settings, client, openid_provider, service
from openid_provider.settings import API, OPAQUE_API, SECRET

pytestmark = pytest.mark.peers

CALLBACK = "https://gateway.example.com/callback"
CONFIGURATION = """
  - name: opaque
    match: {{path: /opaque}}
    authenticate: [opaque]
    authorize: {{scopes: ["orders:read"]}}
    respond: {{}}
  - {{name: signed, match: {{path: /signed}}, authenticate: [signed], respond: {{}}}}
  - {{name: mixed, match: {{path: /mixed}}, authenticate: [jwt, opaque], respond: {{}}}}
identity:
  opaque:
    introspection:
      issuer: "{issuer}"
      audience: "{opaque}"
      subject: [sub, client_id]
      client: {{id: service, secret: "{secret}"}}
      required_claims: [token_type]
      cache: {{ttl: 500ms, negative_ttl: 0s}}
  signed:
    introspection:
      issuer: "{issuer}"
      audience: "{opaque}"
      subject: [sub, client_id]
      answer: signed
      client: {{id: signed, secret: "{secret}"}}
  jwt: {{jwt: {{issuer: "{issuer}", audience: "{api}", subject: [sub, client_id], algorithms: [RS256]}}}}
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIdProvider]:
    signed = service("signed", introspection_signed_response_alg="RS256")
    with openid_provider(Settings(clients=[service("service"), signed, client("web", CALLBACK)])) as running:
        yield running


@pytest.fixture
def healthy(provider: OpenIdProvider) -> Iterator[OpenIdProvider]:
    yield provider
    provider.heal()


def started(folder: Path, provider: OpenIdProvider, workers: int = 1) -> Gateway:
    gateway = Gateway(folder)
    more = CONFIGURATION.format(issuer=provider.issuer, opaque=OPAQUE_API, api=API, secret=SECRET)
    gateway.write(workers=workers, more=more)
    gateway.start()
    return gateway


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, provider: OpenIdProvider) -> Iterator[Gateway]:
    gateway = started(tmp_path_factory.mktemp("gateway"), provider)
    yield gateway
    gateway.end()


def status(gateway: Gateway, token: str, path: str = "/opaque") -> int:
    return gateway._get(gateway.port, path, {"Authorization": f"Bearer {token}"})[0]


def opaque_token(provider: OpenIdProvider, scope: str = "orders:read") -> str:
    return provider.client_credentials(resource=OPAQUE_API, scope=scope)


def test_an_opaque_token_opens_what_its_scopes_allow(running: Gateway, provider: OpenIdProvider) -> None:
    assert status(running, opaque_token(provider)) == 200
    assert status(running, opaque_token(provider, "orders:write")) == 403
    assert status(running, "made-up") == 401
    assert status(running, provider.client_credentials()) == 401  # for no audience


def test_an_answer_that_the_provider_signs(running: Gateway, provider: OpenIdProvider) -> None:
    assert status(running, opaque_token(provider), "/signed") == 200
    assert status(running, "made-up", "/signed") == 401


def test_opaque_tokens_and_jwts_on_one_route(running: Gateway, provider: OpenIdProvider) -> None:
    asked = provider.requests("/token/introspection")
    assert status(running, provider.client_credentials(resource=API, scope="orders:read"), "/mixed") == 200
    assert provider.requests("/token/introspection") == asked
    assert status(running, opaque_token(provider), "/mixed") == 200
    assert provider.requests("/token/introspection") == asked + 1


def test_a_refresh_token_opens_nothing(running: Gateway, provider: OpenIdProvider) -> None:
    tokens = provider.sign_in("alice", "web", scope="openid orders:read", resource=OPAQUE_API)
    assert status(running, tokens["access_token"]) == 200
    assert status(running, tokens["refresh_token"]) == 401


def test_a_token_that_the_provider_revokes_ends_with_its_time_in_the_cache(
    running: Gateway, provider: OpenIdProvider
) -> None:
    token = opaque_token(provider)
    assert status(running, token) == 200
    provider.revoke(token)
    running.until(lambda: status(running, token) == 401)


def test_known_tokens_go_on_without_provider_and_without_control_process(
    tmp_path: Path, healthy: OpenIdProvider
) -> None:
    gateway = started(tmp_path, healthy)
    try:
        known = opaque_token(healthy)
        assert status(gateway, known, "/signed") == 200
        healthy.fault("/token/introspection", 503)
        assert status(gateway, known, "/signed") == 200
        assert status(gateway, opaque_token(healthy), "/signed") == 503
        page = gateway.admin("/metrics")[1]
        assert 'hotgate_introspections_total{provider="signed",result="failed"} 1.0' in page
        assert 'hotgate_introspections_total{provider="signed",result="active"} 1.0' in page
        healthy.heal()
        gateway.worker_pids()
        gateway.signal(signal.SIGKILL)
        gateway.wait_for_exit()
        assert status(gateway, known, "/signed") == 200
        assert status(gateway, opaque_token(healthy), "/signed") == 503
    finally:
        gateway.end()
