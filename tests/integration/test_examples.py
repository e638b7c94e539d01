"""The example backends, attacked: each serves callers of its gateway, and nobody else."""

import base64
import json
import time
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from free_ports import free_port
from hotgate.identity.assertion import ASSERTION_TYPE
from hotgate.keys.key_ring import KeyRing
from hotgate.keys.signing_key import SigningKey
from integration.conftest import Gateway
from integration.customer import Answer, ask
from integration.example_backend import EXAMPLES, example_running
from integration.served import reload, serving, write

KEY = "an-api-key-of-this-test-only"
PATH = "/orders/7"
JWKS = "/.well-known/hotgate/jwks.json"
ISSUER = "https://gateway.example.com"


class Site:
    """A gateway with the configuration of the examples, and one of the backends behind it."""

    def __init__(self, gateway: Gateway, backend_port: int) -> None:
        self.gateway = gateway
        self.backend_port = backend_port

    @property
    def key(self) -> SigningKey:
        """The key that the gateway signs with."""
        kept = json.loads((self.gateway.folder / "hotgate-state/signing-keys.json").read_bytes())
        return KeyRing.from_message(kept).signing_at(time.time())

    def through_gateway(self, **fields: str) -> Answer:
        return ask(self.gateway.port, PATH, [("X-API-Key", KEY), *fields.items()])

    def directly(self, *assertions: str) -> Answer:
        return ask(self.backend_port, PATH, [("X-Hotgate-Assertion", each) for each in assertions])


def configuration(backend_port: int, more: str = "") -> str:
    """The file of the examples, but for addresses. more: keys of its `assertion`."""
    text = (EXAMPLES / "hotgate.yaml").read_text().replace("127.0.0.1:9000", f"127.0.0.1:{backend_port}")
    text = text.replace("${ORDERS_KEY_SHA256}", sha256(KEY.encode()).hexdigest())
    text = text.replace("assertion: {issuer:", f"assertion: {{{more}issuer:")
    return "\n".join(line for line in text.splitlines() if not line.startswith("listeners:"))


@pytest.fixture(scope="module", params=["fastapi", "flask", pytest.param("express", marks=pytest.mark.peers)])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder, port = tmp_path_factory.mktemp("example"), free_port()
    with serving(folder, configuration(port)) as gateway:
        keys = f"http://127.0.0.1:{gateway.port}{JWKS}"
        with example_running(request.param, folder, port, keys):
            yield Site(gateway, port)


def claims(**changed: Any) -> dict[str, Any]:
    """What a good assertion says, with some of it replaced; None leaves it out."""
    now = int(time.time())
    good = {"iss": ISSUER, "aud": "orders", "sub": "acme", "iat": now, "nbf": now, "exp": now + 60}
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


def encoded(value: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def signed(key: SigningKey, kind: str = ASSERTION_TYPE, **changed: Any) -> str:
    return key.signed(kind, claims(**changed)).decode()


def test_a_caller_of_the_gateway_is_served_and_named(site: Site) -> None:
    answer = site.through_gateway()
    assert answer.status == 200
    assert answer.json == {"order": "7", "caller": "acme", "scopes": ["orders:read"]}


def test_what_a_client_forges_does_not_arrive(site: Site) -> None:
    answer = site.through_gateway(**{"X-Hotgate-Assertion": signed(site.key, sub="admin"), "X-Auth-Subject": "admin"})
    assert (answer.status, answer.json["caller"]) == (200, "acme")


def test_nobody_is_served_around_the_gateway(site: Site) -> None:
    assert site.directly().status == 401
    assert site.directly("").status == 401
    assert site.directly("no.token.atall").status == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": 1_700_000_000},  # replayed when its time is over
        {"exp": None},
        {"nbf": 4_000_000_000},
        {"aud": "billing"},  # stolen from another backend
        {"aud": None},
        {"iss": "https://other.example.com"},
        {"iss": None},
        {"sub": None},
        {"kind": "JWT"},  # another kind of token of the same key
        {"kind": "at+jwt"},
    ],
    ids=str,
)
def test_what_is_well_signed_but_not_meant_for_it_now_is_refused(site: Site, changed: dict[str, Any]) -> None:
    assert site.directly(signed(site.key)).status == 200
    assert site.directly(signed(site.key, **changed)).status == 401


def test_what_is_not_signed_by_the_gateway_is_refused(site: Site) -> None:
    key, stranger = site.key, SigningKey.generate("ES256")
    assert site.directly(signed(stranger)).status == 401
    head, payload, signature = signed(key).split(".")
    under_its_name = signed(stranger).replace(stranger.kid, key.kid)
    forgeries = [
        f"{encoded({'alg': 'none', 'typ': ASSERTION_TYPE, 'kid': key.kid})}.{payload}.",
        f"{encoded({'alg': 'HS256', 'typ': ASSERTION_TYPE, 'kid': key.kid})}.{payload}.{signature}",
        f"{head}.{encoded(claims(sub='admin'))}.{signature}",
        f"{head}.{payload}.",
        f"{encoded({'alg': 'ES256', 'typ': ASSERTION_TYPE, 'kid': key.kid})}.{payload}.{under_its_name.split('.')[2]}",
        f"{encoded({'alg': 'ES256', 'typ': ASSERTION_TYPE, 'jwk': stranger.public_jwk})}.{payload}.{signature}",
    ]
    assert [site.directly(forged).status for forged in forgeries] == [401] * len(forgeries)


@pytest.mark.parametrize("name", ["fastapi", "flask", pytest.param("express", marks=pytest.mark.peers)])
def test_keys_rotate_under_a_backend_that_keeps_the_set(name: str, tmp_path: Path) -> None:
    port, keys = free_port(), [SigningKey.generate("ES256") for _ in range(2)]
    for index, key in enumerate(keys):
        (tmp_path / f"{index}.pem").write_text(key.pem)
    first, then = ('keys: ["file:0.pem", "file:1.pem"], ', 'keys: ["file:1.pem", "file:0.pem"], ')
    with serving(tmp_path, configuration(port, first)) as gateway:
        site = Site(gateway, port)
        with example_running(name, tmp_path, port, f"http://127.0.0.1:{gateway.port}{JWKS}"):
            assert site.through_gateway().status == 200
            old = signed(keys[0])
            write(gateway, configuration(port, then))
            reload(gateway)
            assert site.through_gateway().status == 200
            assert site.directly(old).status == 200
            assert site.directly(signed(keys[1])).status == 200
