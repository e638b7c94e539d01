"""What a backend is told about the caller comes from the gateway, whatever the client sends."""

import json
import time
from collections.abc import Iterator

import pytest

from hotgate.testing.issuer import Issuer
from integration.backend import backend_running
from integration.conftest import Gateway
from integration.customer import Fields, ask, bearer, raw
from integration.served import serving

ISSUER = Issuer()
CONFIG = """
identity:
  corp: {{jwt: {{issuer: "https://idp.test", audience: api, jwks_file: keys.json}}}}
upstreams:
  echo: {{targets: ["{url}"]}}
routes:
  - {{name: mine, match: {{path: "/mine"}}, upstream: echo, authenticate: [corp]}}
  - {{name: open, match: {{path: "/open"}}, upstream: echo, public: true}}
"""
SPELLINGS = [
    "X-Auth-Subject", "x-auth-subject", "X_Auth_Subject", "X_AUTH_SUBJECT", "x-auth_subject", "x.auth.subject",
    "X-Auth.Subject", "x~auth~subject", "X-Auth-Roles", "X-Auth-Scopes", "x_auth_roles", "X-Auth-Anything",
    "X-Forwarded-User", "X_Forwarded_User", "Remote-User", "X-Remote-User", "X-Consumer-Username",
    "X-Original-URL", "X-HTTP-Method-Override", "X_HTTP_Method_Override", "Client-Cert",
]  # fmt: skip


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("forged")
    (folder / "keys.json").write_text(json.dumps(ISSUER.jwks()))
    with backend_running() as backend, serving(folder, CONFIG.format(url=backend.url)) as running:
        yield running


def as_alice() -> list[tuple[str, str]]:
    claims = {"iss": "https://idp.test", "aud": "api", "sub": "alice", "exp": int(time.time()) + 600}
    return bearer(ISSUER.token(claims))


def told(gateway: Gateway, target: str, fields: Fields) -> list[list[str]]:
    answer = ask(gateway.port, target, fields)
    assert answer.status == 200
    found: list[list[str]] = answer.json["fields"]
    return found


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_client_cannot_say_who_it_is(gateway: Gateway, name: str) -> None:
    forged = [(name, "root"), (name.upper(), "root")]
    fields = told(gateway, "/mine", [*forged, *as_alice(), *forged])
    assert [value for _, value in fields if value == "root"] == []
    assert [value for name, value in fields if name == "x-auth-subject"] == ["alice"]
    public = told(gateway, "/open", forged)
    assert [value for _, value in public if value == "root"] == []
    assert [name for name, _ in public if "auth" in name] == []


@pytest.mark.parametrize(
    "connection",
    ["x-auth-subject", "close, X-Auth-Subject", "keep-alive, x-auth-subject, x-auth-provider", "authorization, host"],
)
def test_connection_options_remove_nothing_of_the_gateway(gateway: Gateway, connection: str) -> None:
    answer = ask(gateway.port, "/mine", [*as_alice(), ("Connection", connection)])
    assert answer.status == 200
    fields = dict(answer.json["fields"])
    assert (fields["x-auth-subject"], fields["x-auth-provider"]) == ("alice", "corp")


def test_trailers_of_a_request_cannot_either(gateway: Gateway) -> None:
    head = f"POST /mine HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: {as_alice()[0][1]}\r\n"
    head += "Transfer-Encoding: chunked\r\nTrailer: X-Auth-Subject\r\n\r\n"
    answer = raw(gateway.port, (head + "2\r\nhi\r\n0\r\nX-Auth-Subject: root\r\n\r\n").encode())
    assert answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 400"))
    assert b"root" not in answer


def test_claims_cannot_inject_fields(gateway: Gateway) -> None:
    claims = {"iss": "https://idp.test", "aud": "api", "exp": int(time.time()) + 600}
    evil = "alice\r\nX-Auth-Roles: admin\r\n"
    token = ISSUER.token({**claims, "sub": evil, "roles": ["a,admin", "b\nadmin"], "scope": "read\x0badmin"})
    fields = told(gateway, "/mine", bearer(token))
    assert [value for name, value in fields if name == "x-auth-roles"] == ["a%2Cadmin,b%0Aadmin"]
    assert dict(fields)["x-auth-subject"] == "alice%0D%0AX-Auth-Roles: admin%0D%0A"


def test_the_address_and_the_host_are_the_gateways_word(gateway: Gateway) -> None:
    lies = [(name, "203.0.113.7") for name in ("X-Forwarded-For", "X-Real-IP", "True-Client-IP", "X_Forwarded_For")]
    lies += [("Forwarded", "for=203.0.113.7"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https")]
    fields = told(gateway, "/open", lies)
    assert [each for each in fields if "203.0.113.7" in each[1] or "evil" in each[1]] == []
    assert [value for name, value in fields if name == "x-forwarded-for"] == ["127.0.0.1"]
    assert [value for name, value in fields if name == "x-forwarded-proto"] == ["http"]
