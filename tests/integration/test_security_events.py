"""Events of security with real processes: acknowledged when stored, and obeyed by every worker within a second."""

import hmac
import json
import os
import time
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hotgate.testing.issuer import Issuer
from integration.backend import backend_running
from integration.conftest import Gateway
from integration.customer import ask, bearer
from integration.key_server import key_server_running, keys
from integration.served import serving

ISSUER, TRANSMITTER = Issuer(), Issuer("https://events.test", kid="t1")
SECRET = "hook-secret-of-the-tests-32-characters"
REVOKED = "https://schemas.openid.net/secevent/caep/event-type/session-revoked"
CONFIG = """
store: {{}}
state_dir: state
identity:
  corp: {{jwt: {{issuer: "https://idp.test", audience: api, jwks_file: keys.json}}}}
  mail: {{jwt: {{issuer: "https://idp.test", audience: mail, jwks_file: keys.json, subject: email}}}}
security_events:
  idp:
    revokes: [corp]
    set:
      issuer: https://events.test
      audience: gateway
      subject_issuers: ["https://idp.test"]
      jwks_url: "{jwks}"
      algorithms: [ES256]
  hr:
    revokes: [corp, mail]
    webhook: {{secret: "{secret}"}}
upstreams:
  echo: {{targets: ["{url}"]}}
routes:
  - {{name: many, match: {{path: "/many"}}, upstream: echo, authenticate: [corp]}}
  - {{name: mail, match: {{path: "/mail"}}, upstream: echo, authenticate: [mail]}}
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("events")
    (folder / "keys.json").write_text(json.dumps(ISSUER.jwks()))
    with key_server_running() as server, backend_running() as backend:
        server.scripts["/jwks"] = keys(TRANSMITTER.jwks())
        text = CONFIG.format(url=backend.url, jwks=server.url("/jwks"), secret=SECRET)
        with serving(folder, text, workers=2) as running:
            yield running


def token(**changes: Any) -> bytes:
    now = int(time.time())
    return ISSUER.token(
        {"iss": "https://idp.test", "aud": ["api", "mail"], "sub": "ada", "iat": now - 60, "exp": now + 600, **changes}
    )


def statuses(gateway: Gateway, credential: bytes, path: str = "/many", count: int = 16) -> set[int]:
    """Of so many requests at once, on connections of their own: they reach both workers."""
    with ThreadPoolExecutor(count) as pool:
        return {each.status for each in pool.map(lambda _: ask(gateway.port, path, bearer(credential)), range(count))}


def send_set(gateway: Gateway, subject: Any, jti: str, issuer: Issuer = TRANSMITTER) -> int:
    claims = {
        "iss": "https://events.test",
        "aud": "gateway",
        "iat": int(time.time()),
        "jti": jti,
        "txn": "cause-7",
        "sub_id": subject,
        "events": {REVOKED: {}},
    }
    body = issuer.token(claims, {"typ": "secevent+jwt"})
    fields = [("content-type", "application/secevent+jwt")]
    return ask(gateway.port, "/.hotgate/events/idp", fields, method="POST", body=body).status


def send_webhook(gateway: Gateway, message: Any, secret: str = SECRET) -> int:
    body, now, identifier = json.dumps(message).encode(), int(time.time()), os.urandom(8).hex()
    made = hmac.digest(secret.encode(), b"%b.%d.%b" % (identifier.encode(), now, body), "sha256")
    fields = [
        ("webhook-id", identifier),
        ("webhook-timestamp", str(now)),
        ("webhook-signature", "v1," + b64encode(made).decode()),
    ]
    return ask(gateway.port, "/.hotgate/events/hr", fields, method="POST", body=body).status


def test_a_revoked_session_ends_on_every_worker_and_a_later_login_does_not(gateway: Gateway) -> None:
    ada, bob = token(), token(sub="bob")
    assert statuses(gateway, ada) == statuses(gateway, bob) == {200}
    subject = {"format": "iss_sub", "iss": "https://idp.test", "sub": "ada"}
    assert send_set(gateway, subject, "e1") == 202
    gateway.until(lambda: statuses(gateway, ada) == {401})
    assert statuses(gateway, bob) == {200}
    later = token(iat=int(time.time()) + 5)
    assert statuses(gateway, later) == {200}
    assert send_set(gateway, subject, "e1") == 202  # sent again: nothing new
    assert statuses(gateway, later) == {200}
    line = gateway.wait_for_log("security-event")
    assert (line["by"], line["txn"], line["revoked"]) == ("idp", "cause-7", ["corp sub ada"])


def test_forged_and_foreign_events_end_nothing(gateway: Gateway) -> None:
    eve = token(sub="eve")
    subject = {"format": "iss_sub", "iss": "https://idp.test", "sub": "eve"}
    assert send_set(gateway, subject, "f1", Issuer("https://events.test", kid="t1")) == 400
    assert send_set(gateway, {**subject, "iss": "https://other.test"}, "f2") == 400
    assert send_webhook(gateway, {"subject": "eve"}, "x" * 32) == 401
    assert statuses(gateway, eve) == {200}


def test_a_webhook_ends_what_is_named_by_the_same_claim(gateway: Gateway) -> None:
    zoe = token(sub="zoe", email="zoe@corp.test")
    assert statuses(gateway, zoe) == statuses(gateway, zoe, "/mail") == {200}
    assert send_webhook(gateway, {"email": "zoe@corp.test"}) == 202
    gateway.until(lambda: statuses(gateway, zoe, "/mail") == {401})
    assert statuses(gateway, zoe) == {200}
    assert send_webhook(gateway, {"subject": "zoe"}) == 202
    gateway.until(lambda: statuses(gateway, zoe) == {401})


def test_an_event_that_is_too_large_or_no_post_is_refused(gateway: Gateway) -> None:
    fields = [("content-type", "application/secevent+jwt")]
    assert ask(gateway.port, "/.hotgate/events/idp", fields, method="POST", body=b"x" * 70_000).status == 413
    assert ask(gateway.port, "/.hotgate/events/idp", fields).status == 405
