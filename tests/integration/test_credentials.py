"""API keys, several ways to log in on one route, and what a caller needs besides."""

import json
import time
from collections.abc import Iterator
from hashlib import sha256

import pytest

from hotgate.testing.issuer import Issuer
from integration.backend import backend_running
from integration.conftest import Gateway
from integration.customer import Answer, Fields, ask, bearer
from integration.served import serving

ONE, TWO = Issuer("https://one.test", kid="one"), Issuer("https://two.test", kid="two")
KEYS = {name: f"hg_{name}_0123456789abcdef" for name in ("good", "expired", "early", "revoked", "reader", "admin")}
OLD_KEY = "hg_old_0123456789abcdef"
EXTRA = {
    "expired": 'expires: "2020-01-01T00:00:00Z"',
    "early": 'not_before: "2099-01-01T00:00:00Z"',
    "revoked": "revoked: true",
    "reader": 'consumer: shop, scopes: ["orders:read"], roles: [clerk]',
    "admin": 'scopes: ["orders:read", "orders:write"], roles: [admin]',
}
CONFIG = """
identity:
  partners:
    api_key:
      keys:
{keys}
  old: {{api_key: {{header: x-old-key, keys: [{{id: legacy, sha256: "{old}"}}]}}}}
  one: {{jwt: {{issuer: "https://one.test", audience: api, jwks_file: one.json}}}}
  two: {{jwt: {{issuer: "https://two.test", audience: api, jwks_file: two.json, roles: realm_access.roles}}}}
  own: {{jwt: {{issuer: "https://one.test", audience: api, jwks_file: one.json, forward_token: true}}}}
upstreams:
  echo: {{targets: ["{url}"]}}
defaults: {{upstream: echo}}
routes:
  - {{name: keys, match: {{path: "/keys"}}, authenticate: [partners]}}
  - {{name: any, match: {{path: "/any"}}, authenticate: [one, partners, two, old]}}
  - {{name: own, match: {{path: "/own"}}, authenticate: [own]}}
  - {{name: open, match: {{path: "/open"}}, public: true}}
  - name: all
    match: {{path: "/all"}}
    authenticate: [partners, one]
    authorize: {{scopes: ["orders:read", "orders:write"]}}
  - name: some
    match: {{path: "/some"}}
    authenticate: [partners, one]
    authorize: {{any_scope: ["orders:read", "x"]}}
  - name: role
    match: {{path: "/role"}}
    authenticate: [partners, two]
    authorize: {{roles: [admin, root]}}
"""


def digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("credentials")
    for issuer in (ONE, TWO):
        (folder / f"{issuer.kid}.json").write_text(json.dumps(issuer.jwks()))
    listed = [
        f'        - {{id: {name}, sha256: "{digest(key)}", {EXTRA.get(name, "revoked: false")}}}'
        for name, key in KEYS.items()
    ]
    with backend_running() as backend:
        text = CONFIG.format(keys="\n".join(listed), old=digest(OLD_KEY), url=backend.url)
        with serving(folder, text) as running:
            yield running


def token_of(issuer: Issuer, **more: object) -> bytes:
    claims = {"iss": issuer.name, "aud": "api", "sub": "alice", "exp": int(time.time()) + 600}
    return issuer.token({**claims, **more})


def key(name: str) -> tuple[str, str]:
    return ("X-API-Key", KEYS[name])


def backend_fields(answer: Answer) -> dict[str, str]:
    assert answer.status == 200, answer
    return dict(answer.json["fields"])


def test_a_good_key_passes_and_stays_behind(gateway: Gateway) -> None:
    answer = ask(gateway.port, "/keys", [key("good")])
    fields = backend_fields(answer)
    assert (fields["x-auth-subject"], fields["x-auth-provider"]) == ("good", "partners")
    assert "x-api-key" not in fields
    assert KEYS["good"] not in answer.body.decode()


def test_the_consumer_of_a_key_is_its_subject(gateway: Gateway) -> None:
    fields = backend_fields(ask(gateway.port, "/keys", [key("reader")]))
    assert (fields["x-auth-subject"], fields["x-auth-scopes"], fields["x-auth-roles"]) == (
        "shop",
        "orders:read",
        "clerk",
    )


@pytest.mark.parametrize(
    ("presented", "code"),
    [
        ([("X-API-Key", "hg_wrong")], "key-unknown"),
        ([("X-API-Key", "")], "key-unknown"),
        ([("X-API-Key", digest(KEYS["good"]))], "key-unknown"),
        ([("X-API-Key", KEYS["good"].upper())], "key-unknown"),
        ([("X-API-Key", "x" * 10_000)], "key-unknown"),
        ([("X-API-Key", KEYS["good"] + ", " + KEYS["good"])], "key-unknown"),
        ([key("expired")], "key-expired"),
        ([key("early")], "key-not-yet-valid"),
        ([key("revoked")], "key-revoked"),
        ([key("good"), key("good")], "key-unknown"),
        ([key("good"), ("x-api-key", "hg_wrong")], "key-unknown"),
        ([("X_API_Key", KEYS["good"])], "token-missing"),
        ([("Authorization", f"Bearer {KEYS['good']}")], "token-missing"),
        ([], "token-missing"),
    ],
)
def test_other_keys_are_refused(gateway: Gateway, presented: Fields, code: str) -> None:
    answer = ask(gateway.port, "/keys", presented)
    assert (answer.status, answer.code) == (401, code)
    assert answer.field("www-authenticate") == 'ApiKey realm="partners", header="x-api-key"'
    assert answer.json["request_id"] == answer.field("x-request-id")


@pytest.mark.parametrize(
    ("fields", "provider"),
    [
        (bearer(token_of(ONE)), "one"),
        (bearer(token_of(TWO)), "two"),
        ([key("good")], "partners"),
        ([("X-Old-Key", OLD_KEY)], "old"),
    ],
)
def test_any_of_a_routes_providers_lets_a_caller_in(gateway: Gateway, fields: Fields, provider: str) -> None:
    assert backend_fields(ask(gateway.port, "/any", fields))["x-auth-provider"] == provider


def test_of_two_credentials_the_first_provider_decides_and_neither_is_passed_on(gateway: Gateway) -> None:
    fields = backend_fields(ask(gateway.port, "/any", [key("good"), *bearer(token_of(ONE)), ("X-Old-Key", "stray")]))
    assert fields["x-auth-provider"] == "one"
    assert not fields.keys() & {"authorization", "x-api-key", "x-old-key"}


def test_a_bad_credential_is_not_saved_by_a_good_one(gateway: Gateway) -> None:
    expired = bearer(token_of(ONE, exp=1))
    assert ask(gateway.port, "/any", [key("good"), *expired]).code == "token-expired"
    assert ask(gateway.port, "/any", [("X-Old-Key", OLD_KEY), ("X-API-Key", "hg_wrong")]).code == "key-unknown"


def test_a_token_of_one_issuer_is_not_one_of_the_other(gateway: Gateway) -> None:
    crossed = token_of(Issuer(ONE.name, kid="two"))
    assert ask(gateway.port, "/any", bearer(crossed)).status == 401
    assert ask(gateway.port, "/any", bearer(token_of(Issuer("https://three.test")))).code == "token-issuer-unknown"


def test_every_way_in_is_named_when_there_is_no_credential(gateway: Gateway) -> None:
    answer = ask(gateway.port, "/any")
    assert answer.code == "token-missing"
    assert answer.all("www-authenticate") == [
        'Bearer realm="one"',
        'ApiKey realm="partners", header="x-api-key"',
        'Bearer realm="two"',
        'ApiKey realm="old", header="x-old-key"',
    ]


def test_a_token_is_passed_on_where_the_file_says_so(gateway: Gateway) -> None:
    token = token_of(ONE)
    assert backend_fields(ask(gateway.port, "/own", bearer(token)))["authorization"] == f"Bearer {token.decode()}"


def test_a_public_route_asks_for_nothing(gateway: Gateway) -> None:
    fields = backend_fields(ask(gateway.port, "/open", [("Authorization", "Basic YTpi")]))
    assert fields["authorization"] == "Basic YTpi"  # it is the backend's business here
    assert "x-auth-subject" not in fields


@pytest.mark.parametrize(
    ("path", "fields", "code"),
    [
        ("/all", [key("admin")], ""),
        ("/all", [key("reader")], "insufficient-scope"),
        ("/all", [key("good")], "insufficient-scope"),
        ("/all", bearer(token_of(ONE, scope="orders:write orders:read more")), ""),
        ("/all", bearer(token_of(ONE, scp=["orders:write", "orders:read"])), ""),
        ("/all", bearer(token_of(ONE, scope="orders:write,orders:read")), "insufficient-scope"),
        ("/all", bearer(token_of(ONE, scope="ORDERS:READ ORDERS:WRITE")), "insufficient-scope"),
        ("/some", [key("reader")], ""),
        ("/some", [key("good")], "insufficient-scope"),
        ("/role", [key("admin")], ""),
        ("/role", [key("reader")], "forbidden"),
        ("/role", bearer(token_of(TWO, realm_access={"roles": ["root"]})), ""),
        ("/role", bearer(token_of(TWO, roles=["root"])), "forbidden"),
        ("/role", bearer(token_of(TWO, realm_access="root")), "forbidden"),
    ],
)
def test_scopes_and_roles(gateway: Gateway, path: str, fields: Fields, code: str) -> None:
    answer = ask(gateway.port, path, fields)
    assert (answer.status, answer.code) == (403 if code else 200, code)
    if code == "insufficient-scope":
        assert answer.field("www-authenticate").startswith('Bearer error="insufficient_scope", scope="orders:read')


def test_who_is_unknown_is_not_asked_for_scopes(gateway: Gateway) -> None:
    for path in ("/all", "/some", "/role"):
        assert ask(gateway.port, path).code == "token-missing"
