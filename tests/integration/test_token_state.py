"""Tokens about which workers must know more than they say: used once, and revoked, with real processes and a store."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from encrypted_tokens import RSA, encrypted, private_text
from hotgate.testing.issuer import Issuer
from integration.backend import backend_running
from integration.conftest import SOURCES, Gateway
from integration.customer import ask, bearer
from integration.served import serving

ISSUER = Issuer()
CONFIG = """
store: {{}}
state_dir: state
identity:
  corp: {{jwt: {{issuer: "https://idp.test", audience: api, jwks_file: keys.json}}}}
  once: {{jwt: {{issuer: "https://idp.test", audience: api, jwks_file: keys.json, single_use: true}}}}
  sealed:
    jwt:
      issuer: "https://idp.test"
      audience: api
      jwks_file: keys.json
      decryption_keys: [{{key: "file:private.json"}}]
upstreams:
  echo: {{targets: ["{url}"]}}
routes:
  - {{name: many, match: {{path: "/many"}}, upstream: echo, authenticate: [corp]}}
  - {{name: once, match: {{path: "/once"}}, upstream: echo, authenticate: [once]}}
  - {{name: sealed, match: {{path: "/sealed"}}, upstream: echo, authenticate: [sealed]}}
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("state")
    (folder / "keys.json").write_text(json.dumps(ISSUER.jwks()))
    (folder / "private.json").write_text(private_text(RSA))
    with backend_running() as backend, serving(folder, CONFIG.format(url=backend.url), workers=2) as running:
        yield running


def token(**changes: Any) -> bytes:
    now = int(time.time())
    return ISSUER.token(
        {"iss": "https://idp.test", "aud": "api", "sub": "ada", "iat": now, "exp": now + 600, **changes}
    )


def answers(gateway: Gateway, path: str, credential: bytes, count: int = 16) -> list[tuple[int, str]]:
    """Status and code of so many requests at once, on connections of their own: they reach both workers."""
    with ThreadPoolExecutor(count) as pool:
        found = list(pool.map(lambda _: ask(gateway.port, path, bearer(credential)), range(count)))
    return [(each.status, "" if each.status == 200 else json.loads(each.body)["code"]) for each in found]


def revoke(gateway: Gateway, *arguments: str) -> None:
    """`hotgate revocations add …`"""
    program = "from hotgate.cli import main; main()"
    command = [sys.executable, "-c", program, "revocations", "add", *arguments, "--config", str(gateway.file)]
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)


def test_of_many_requests_with_a_token_for_single_use_one_is_served(gateway: Gateway) -> None:
    found = answers(gateway, "/once", token(jti="t1"))
    assert sorted(set(found)) == [(200, ""), (401, "token-already-used")]
    assert found.count((200, "")) == 1
    assert answers(gateway, "/once", token(jti="t1"), 4) == [(401, "token-already-used")] * 4
    assert answers(gateway, "/once", token(jti="t2"), 1) == [(200, "")]


def test_a_revoked_subject_is_refused_by_workers_that_remember_its_token(gateway: Gateway) -> None:
    mine, other = token(sub="eve"), token(sub="bob")
    assert set(answers(gateway, "/many", mine)) == set(answers(gateway, "/many", other)) == {(200, "")}
    revoke(gateway, "--provider", "corp", "--sub", "eve")
    gateway.until(lambda: set(answers(gateway, "/many", mine)) == {(401, "token-revoked")})
    assert set(answers(gateway, "/many", other)) == {(200, "")}


def test_an_encrypted_token_is_opened(gateway: Gateway) -> None:
    assert answers(gateway, "/sealed", encrypted(token(), RSA), 1) == [(200, "")]
    assert answers(gateway, "/sealed", token(), 1) == [(401, "token-malformed")]
