"""Six identity providers, played by a web server, in front of a real gateway: discovery, keys, tokens, and attacks."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from hotgate.control.download import MAX_BYTES
from hotgate.testing.issuer import Issuer
from integration.conftest import Gateway
from integration.customer import Customer, ask, bearer
from integration.key_server import KeyServer, Script, body, key_server_running, keys, status
from integration.served import serving
from provider_samples import TENANT, sample

CLIENT = "1h57kf5cpq17m0eml12EXAMPLE"
APP = "6e74172b-be56-4843-9ff4-e66a39bb12e3"
DISCOVERED = {
    "okta": 'domain: "acme.okta.com", audience: "api://default"',
    "auth0": 'domain: "acme.eu.auth0.com", audience: "https://api.acme.example"',
    "cognito": f"user_pool: eu-west-1_AbCdEf123, audience: {CLIENT}",
    "keycloak": 'issuer: "https://sso.acme.example/realms/acme", audience: orders',
}
FIXED = {
    "entra": f"tenants: [{TENANT}], audience: {APP}",
    "google": "hosted_domain: acme.example, audience: 1234987819200-api.apps.googleusercontent.com",
}
NEEDED = {
    "okta": 'scopes: ["orders:read"], roles: [orders-admins]',
    "auth0": 'scopes: ["orders:read"], roles: ["orders:write"]',
    "cognito": 'scopes: ["orders/read"], roles: [admins]',
    "keycloak": 'scopes: ["orders:read"], roles: [orders-admin]',
    "entra": "scopes: [Orders.Read], roles: [Orders.Admin]",
}
TOKEN = {"google": "id"}  # the others have access tokens


def publish(server: KeyServer, provider: str, *signers: Issuer) -> None:
    """Metadata as the provider's, but with keys on this server."""
    known = signers or (sample(provider).signer,)
    metadata = {**sample(provider).metadata, "jwks_uri": server.url(f"/{provider}/keys")}
    server.scripts[f"/{provider}/metadata"] = body(json.dumps(metadata).encode())
    server.scripts[f"/{provider}/keys"] = keys({"keys": [signer.jwk() for signer in known]})


def configuration(server: KeyServer) -> str:
    entries = {name: f'{keys}, discovery_url: "{server.url(f"/{name}/metadata")}"' for name, keys in DISCOVERED.items()}
    entries |= {name: f'{keys}, jwks_url: "{server.url(f"/{name}/keys")}"' for name, keys in FIXED.items()}
    lines = ["identity:"]
    lines += [f"  {name}: {{jwt: {{provider: {name}, {keys}}}}}" for name, keys in entries.items()]
    lines.append("routes:")
    for name in entries:
        needed = f", authorize: {{{NEEDED[name]}}}" if name in NEEDED else ""
        lines.append(f'  - {{name: {name}, match: {{path: "/{name}"}}, authenticate: [{name}]{needed}, respond: {{}}}}')
    lines.append(f'  - {{name: all, match: {{path: "/all"}}, authenticate: [{", ".join(entries)}], respond: {{}}}}')
    return "\n".join(lines)


@pytest.fixture(scope="module")
def server() -> Iterator[KeyServer]:
    with key_server_running() as running:
        for provider in (*DISCOVERED, *FIXED):
            publish(running, provider)
        yield running


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, server: KeyServer) -> Iterator[Gateway]:
    with serving(tmp_path_factory.mktemp("providers"), configuration(server)) as running:
        yield running


def try_token(gateway: Gateway, path: str, provider: str, token: str = "", /, **changes: Any) -> tuple[int, str]:
    signed = sample(provider).token(token or TOKEN.get(provider, "access"), time.time(), **changes)
    answer = ask(gateway.port, path, bearer(signed))
    return answer.status, answer.code


@pytest.mark.parametrize("provider", [*DISCOVERED, *FIXED])
def test_a_token_passes_with_the_rights_that_it_carries(gateway: Gateway, provider: str) -> None:
    assert try_token(gateway, f"/{provider}", provider) == (200, "")
    assert try_token(gateway, "/all", provider) == (200, "")


@pytest.mark.parametrize(
    ("provider", "claim"),
    [("okta", "scp"), ("auth0", "scope"), ("cognito", "scope"), ("keycloak", "scope"), ("entra", "scp")],
)
def test_without_its_scopes_it_does_not(gateway: Gateway, provider: str, claim: str) -> None:
    assert try_token(gateway, f"/{provider}", provider, "", **{claim: ...}) == (403, "insufficient-scope")


@pytest.mark.parametrize(
    ("provider", "token", "code"),
    [
        ("okta", "id", "token-audience-mismatch"),
        ("auth0", "id", "token-audience-mismatch"),
        ("cognito", "id", "token-audience-mismatch"),
        ("keycloak", "id", "token-malformed"),
        ("entra", "id", "token-malformed"),
        ("entra", "v1", "token-issuer-unknown"),
    ],
)
def test_another_kind_of_token_is_refused(gateway: Gateway, provider: str, token: str, code: str) -> None:
    assert try_token(gateway, f"/{provider}", provider, token) == (401, code)


@pytest.mark.parametrize("provider", [*DISCOVERED, *FIXED])
def test_a_token_of_one_provider_is_none_of_anothers(gateway: Gateway, provider: str) -> None:
    other = "okta" if provider != "okta" else "auth0"
    assert try_token(gateway, f"/{other}", provider)[0] == 401
    stolen = sample(provider).claims(TOKEN.get(provider, "access"), time.time())
    forged = sample(other).signer.token(stolen, {"kid": sample(other).signer.kid})
    assert ask(gateway.port, "/all", bearer(forged)).status == 401


def test_an_opaque_token_is_no_token(gateway: Gateway) -> None:
    answer = ask(gateway.port, "/auth0", bearer(b"pJ3_kq8ZV0hYx2mN5rT7uW9bC1dE4fG6"))
    assert (answer.status, answer.code) == (401, "token-malformed")


def test_an_encrypted_token_is_no_token_without_a_key_for_it(gateway: Gateway) -> None:
    answer = ask(gateway.port, "/auth0", bearer(b"eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAA.AAAA.AAAA"))
    assert (answer.status, answer.code) == (401, "token-malformed")


def test_a_provider_changes_its_key(gateway: Gateway, server: KeyServer) -> None:
    old, new = sample("auth0").signer, Issuer(algorithm="RS256", kid="next")
    publish(server, "auth0", old, new)
    token = sample("auth0").token("access", time.time(), new)
    assert ask(gateway.port, "/auth0", bearer(token)).status == 200
    assert try_token(gateway, "/auth0", "auth0") == (200, "")


def test_made_up_keys_drive_one_fetch(gateway: Gateway, server: KeyServer) -> None:
    before = server.asked["/okta/keys"], server.asked["/okta/metadata"]
    signer = sample("okta").signer
    claims = sample("okta").claims("access", time.time())
    with Customer(gateway.port) as customer:
        for number in range(100):
            answer = customer.ask("/okta", bearer(signer.token(claims, {"kid": f"made-up-{number}"})))
            assert answer.code == "key-unknown"
    after = server.asked["/okta/keys"], server.asked["/okta/metadata"]
    assert after[0] - before[0] <= 1
    assert after[1] == before[1]


def lies(server: KeyServer) -> dict[str, Script]:
    """Metadata of an issuer that cannot be believed, by the name of its entry."""
    issuer = {"issuer": "https://liar.test"}
    good = {**issuer, "jwks_uri": server.url("/liar/keys")}

    def document(**members: Any) -> Script:
        return body(json.dumps({**good, **members}).encode())

    return {
        "another": document(issuer="https://liar.test/"),
        "huge": document(padding="x" * MAX_BYTES),
        "html": body(b"<!doctype html><title>Sign in</title>"),
        "redirecting": status(302, json.dumps(good).encode(), Location=server.url("/liar/metadata")),
        "downgrading": document(jwks_uri="http://keys.liar.test/keys"),
        "inward": document(jwks_uri="http://169.254.169.254/latest/meta-data/"),
        "linklocal": document(jwks_uri="https://169.254.169.254/keys"),
        "private": document(jwks_uri="https://10.0.0.1/keys"),
        "file": document(jwks_uri="file:///etc/passwd"),
        "many": document(jwks_uri=server.url("/liar/many")),
        "gone": status(404),
    }


def test_an_issuer_that_lies_gets_nobody_in(gateway: Gateway, server: KeyServer) -> None:
    scripts = lies(server)
    liar = Issuer("https://liar.test")
    server.scripts["/liar/metadata"] = body(
        json.dumps({"issuer": liar.name, "jwks_uri": server.url("/liar/keys")}).encode()
    )
    server.scripts["/liar/keys"] = keys(liar.jwks())
    server.scripts["/liar/many"] = keys({"keys": [{**liar.jwk(), "kid": str(number)} for number in range(1500)]})
    lines = ["identity:"]
    for name, script in scripts.items():
        server.scripts[f"/lies/{name}"] = script
        url = server.url(f"/lies/{name}")
        lines.append(f'  {name}: {{jwt: {{issuer: "https://liar.test", audience: api, discovery_url: "{url}"}}}}')
    lines.append("routes:")
    lines += [
        f'  - {{name: {name}, match: {{path: "/{name}"}}, authenticate: [{name}], respond: {{}}}}' for name in scripts
    ]
    folder = gateway.folder / "lies"
    folder.mkdir()
    token = liar.token({"iss": liar.name, "aud": "api", "sub": "ada", "exp": int(time.time()) + 600})
    with serving(folder, "\n".join(lines)) as deceived:
        for name in scripts:
            answer = ask(deceived.port, f"/{name}", bearer(token))
            assert (name, answer.status, answer.code) == (name, 503, "key-set-unavailable")
        errors = {state["name"].partition("@")[0]: state["last_error"] for state in deceived.status()["key_sets"]}
        assert all(errors.values())
        assert "link-local" in errors["linklocal"]
        server.scripts["/lies/gone"] = server.scripts["/liar/metadata"]
        deceived.until(lambda: ask(deceived.port, "/gone", bearer(token)).status == 200)
    assert server.asked["/liar/metadata"] == 0
