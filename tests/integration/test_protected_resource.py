"""A client that knows nothing but an address: it finds the authorization server, gets a token, and is let in."""

import re
from collections.abc import Iterator

import httpx
import pytest

from integration.conftest import DEADLINE, Gateway
from openid_provider import OpenIdProvider, openid_provider
from openid_provider.settings import OPAQUE_API, SECRET

pytestmark = pytest.mark.peers

CONFIGURATION = """
  - name: mcp
    match: {{path: /mcp}}
    authenticate: [opaque]
    authorize: {{scopes: ["orders:read"]}}
    protected_resource: {{resource: "{resource}", authorization_server_metadata: proxy}}
    respond: {{body: tools}}
identity:
  opaque:
    introspection:
      issuer: "{issuer}"
      audience: "{audience}"
      subject: client_id
      client: {{id: service, secret: "{secret}"}}
"""


@pytest.fixture
def provider() -> Iterator[OpenIdProvider]:
    with openid_provider() as running:
        yield running


@pytest.fixture
def client(gateway: Gateway) -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=DEADLINE) as made:
        yield made


def test_from_a_refusal_to_a_token(gateway: Gateway, provider: OpenIdProvider, client: httpx.Client) -> None:
    resource = f"http://127.0.0.1:{gateway.port}/mcp"
    more = CONFIGURATION.format(resource=resource, issuer=provider.issuer, audience=OPAQUE_API, secret=SECRET)
    gateway.write(more=more)
    gateway.start()

    refusal = client.get(resource)
    assert refusal.status_code == 401
    pointer = re.search(r'resource_metadata="([^"]+)"', refusal.headers["www-authenticate"])
    assert pointer is not None

    metadata = client.get(pointer[1]).json()
    assert metadata["resource"] == resource  # RFC 9728 §3.3: or it must not be used
    (issuer,) = metadata["authorization_servers"]

    beside = client.get(f"http://127.0.0.1:{gateway.port}/.well-known/oauth-authorization-server").json()
    itself = client.get(f"{issuer}/.well-known/openid-configuration").json()
    assert beside == itself
    assert itself["issuer"] == issuer  # RFC 8414 §3.3

    form = {
        "grant_type": "client_credentials",
        "resource": OPAQUE_API,
        "scope": " ".join(metadata["scopes_supported"]),
    }
    token = client.post(itself["token_endpoint"], data=form, auth=("service", SECRET)).json()["access_token"]
    answer = client.get(resource, headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.text) == (200, "tools")

    provider.fault("/.well-known/openid-configuration")
    assert client.get(f"http://127.0.0.1:{gateway.port}/.well-known/oauth-authorization-server").json() == itself
