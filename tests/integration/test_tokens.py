"""Signed tokens as a client sends them: which pass, and what every other one is told."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hotgate.testing.issuer import Issuer
from integration.backend import backend_running
from integration.conftest import Gateway
from integration.customer import ask, bearer
from integration.key_server import key_server_running, keys
from integration.served import serving

RSA, EC, ED = (Issuer(algorithm=name, kid=name.lower()) for name in ("RS256", "ES256", "EdDSA"))
STRANGER = Issuer(algorithm="RS256", kid="rs256")  # another key under a known name
CONFIG = """
identity:
  corp: {{jwt: {{issuer: "https://idp.test", audience: api, jwks_file: keys.json, algorithms: [RS256, ES256, EdDSA]}}}}
upstreams:
  echo: {{targets: ["{url}"]}}
routes:
  - {{name: mine, match: {{path: "/mine"}}, upstream: echo, authenticate: [corp]}}
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("tokens")
    (folder / "keys.json").write_text(json.dumps({"keys": [RSA.jwk(), EC.jwk(), ED.jwk()]}))
    with backend_running() as backend, serving(folder, CONFIG.format(url=backend.url)) as running:
        yield running


def claims(**changed: Any) -> dict[str, Any]:
    """Good claims, with some replaced; None leaves one out."""
    good = {"iss": "https://idp.test", "aud": "api", "sub": "alice", "exp": int(time.time()) + 600}
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


def encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def header(**members: Any) -> bytes:
    return json.dumps({"alg": "RS256", "kid": "rs256", "typ": "JWT", **members}).encode()


def signed_text(payload: str) -> bytes:
    """A well-signed token of any text."""
    return RSA.signed(header(), payload.encode())


def unsigned(algorithm: str) -> bytes:
    return encoded(header(alg=algorithm)) + b"." + encoded(json.dumps(claims()).encode()) + b"."


def signed_with_public_key() -> bytes:
    """HS256 with the published key as the secret: the classic confusion of algorithms (RFC 8725 §2.1)."""
    signing_input = encoded(header(alg="HS256")) + b"." + encoded(json.dumps(claims()).encode())
    secret = RSA.key.as_pem(private=False)
    return signing_input + b"." + encoded(hmac.new(secret, signing_input, hashlib.sha256).digest())


def other_signature() -> bytes:
    head, payload, _ = RSA.token(claims()).split(b".")
    return b".".join([head, payload, EC.token(claims()).split(b".")[2]])


def other_payload() -> bytes:
    head, _, signature = RSA.token(claims()).split(b".")
    return b".".join([head, encoded(json.dumps(claims(sub="root")).encode()), signature])


def nested(depth: int) -> str:
    text = json.dumps(claims(deep=0))
    return text.replace('"deep": 0', '"deep": ' + "[" * depth + "]" * depth)


def duplicate(claim: str, value: str) -> str:
    return json.dumps(claims())[:-1] + f', "{claim}": {value}}}'


@pytest.mark.parametrize("issuer", [RSA, EC, ED], ids=["RS256", "ES256", "EdDSA"])
def test_good_tokens_pass_and_stay_behind(gateway: Gateway, issuer: Issuer) -> None:
    token = issuer.token(claims(scope="orders:write orders:read", roles=["admin"], aud=["other", "api"]))
    for _ in range(2):  # the second time from the cache
        answer = ask(gateway.port, "/mine", bearer(token))
        assert answer.status == 200
        fields = dict(answer.json["fields"])
        assert "authorization" not in fields
        assert token.decode() not in answer.body.decode()
        assert fields["x-auth-subject"] == "alice"
        assert fields["x-auth-provider"] == "corp"
        assert fields["x-auth-scopes"] == "orders:read orders:write"
        assert fields["x-auth-roles"] == "admin"


@pytest.mark.parametrize("changed", [{"exp": -10}, {"nbf": 10}], ids=["just expired", "not quite valid"])
def test_clocks_may_differ_a_little(gateway: Gateway, changed: dict[str, int]) -> None:
    times = {name: time.time() + offset for name, offset in changed.items()}
    assert ask(gateway.port, "/mine", bearer(RSA.token(claims(**times)))).status == 200


REFUSED: list[tuple[str, str, Callable[[], bytes]]] = [
    ("expired", "token-expired", lambda: RSA.token(claims(exp=time.time() - 3600))),
    ("future", "token-not-yet-valid", lambda: RSA.token(claims(nbf=time.time() + 3600))),
    ("issuer", "token-issuer-unknown", lambda: RSA.token(claims(iss="https://idp.test/"))),
    ("no issuer", "token-issuer-unknown", lambda: RSA.token(claims(iss=None))),
    ("audience", "token-audience-mismatch", lambda: RSA.token(claims(aud="apis"))),
    ("no audience", "token-audience-mismatch", lambda: RSA.token(claims(aud=None))),
    ("payload", "token-signature-invalid", other_payload),
    ("signature", "token-signature-invalid", other_signature),
    ("stranger", "token-signature-invalid", lambda: STRANGER.token(claims())),
    ("alg none", "token-signature-invalid", lambda: unsigned("none")),
    ("alg None", "token-signature-invalid", lambda: unsigned("nOnE")),
    ("alg empty", "token-signature-invalid", lambda: unsigned("")),
    ("HS256", "token-signature-invalid", signed_with_public_key),
    ("alg of another key", "token-signature-invalid", lambda: RSA.token(claims(), {"kid": "es256"})),
    ("kid path", "key-unknown", lambda: RSA.token(claims(), {"kid": "../../../../dev/null"})),
    ("kid SQL", "key-unknown", lambda: RSA.token(claims(), {"kid": "' UNION SELECT 'key' --"})),
    ("kid list", "token-malformed", lambda: RSA.token(claims(), {"kid": ["rs256"]})),
    ("kid long", "token-malformed", lambda: RSA.token(claims(), {"kid": "k" * 4000})),
    ("embedded key", "token-signature-invalid", lambda: STRANGER.token(claims(), {"jwk": STRANGER.jwk()})),
    ("crit", "token-malformed", lambda: RSA.token(claims(), {"crit": ["exp"]})),
    ("b64", "token-malformed", lambda: RSA.token(claims(), {"b64": False})),
    ("logout token", "token-malformed", lambda: RSA.token(claims(), {"typ": "logout+jwt"})),
    ("huge", "token-malformed", lambda: RSA.token(claims(padding="x" * 10_000))),
    ("nested", "token-malformed", lambda: signed_text(nested(1000))),
    ("duplicate sub", "token-malformed", lambda: signed_text(duplicate("sub", '"root"'))),
    ("duplicate exp", "token-malformed", lambda: signed_text(duplicate("exp", "9999999999"))),
    ("duplicate alg", "token-malformed", lambda: RSA.signed(b'{"alg":"RS256","alg":"none"}', b"{}")),
    ("exp text", "token-malformed", lambda: RSA.token(claims(exp="9999999999"))),
    ("exp true", "token-malformed", lambda: RSA.token(claims(exp=True))),
    ("exp infinite", "token-malformed", lambda: signed_text(json.dumps(claims(exp=None))[:-1] + ', "exp": 1e999}')),
    ("exp missing", "token-malformed", lambda: RSA.token(claims(exp=None))),
    ("exp negative", "token-malformed", lambda: RSA.token(claims(exp=-1))),
    ("sub number", "token-malformed", lambda: RSA.token(claims(sub=0))),
    ("sub empty", "token-malformed", lambda: RSA.token(claims(sub=""))),
    ("sub missing", "token-malformed", lambda: RSA.token(claims(sub=None))),
    ("aud number", "token-malformed", lambda: RSA.token(claims(aud=1))),
    ("aud mixed", "token-malformed", lambda: RSA.token(claims(aud=["api", 1]))),
    ("iss list", "token-malformed", lambda: RSA.token(claims(iss=["https://idp.test"]))),
    ("scope object", "token-malformed", lambda: RSA.token(claims(scope={"orders:read": True}))),
    ("roles number", "token-malformed", lambda: RSA.token(claims(roles=[1]))),
    ("payload list", "token-malformed", lambda: signed_text("[1]")),
    ("payload text", "token-malformed", lambda: signed_text("alice")),
    ("payload not UTF-8", "token-malformed", lambda: RSA.signed(header(), b'{"sub": "\xff"}')),
    ("two segments", "token-malformed", lambda: RSA.token(claims()).rpartition(b".")[0]),
    ("five segments", "token-malformed", lambda: RSA.token(claims()) + b".YQ.YQ"),
    ("not base64url", "token-malformed", lambda: RSA.token(claims()).replace(b".", b"+.")),
    ("padding", "token-malformed", lambda: RSA.token(claims()) + b"=="),
    ("nonsense", "token-malformed", lambda: b"abc"),
]


@pytest.mark.parametrize(("code", "make"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED])
def test_bad_tokens_are_refused_with_their_code(gateway: Gateway, code: str, make: Callable[[], bytes]) -> None:
    answer = ask(gateway.port, "/mine", bearer(make()))
    assert (answer.status, answer.code) == (401, code)
    challenge = answer.field("www-authenticate")
    assert challenge.startswith('Bearer realm="corp", error="invalid_token", error_description="')
    problem = answer.json
    assert problem["status"] == 401
    assert problem["title"] == "Unauthorized"
    assert problem["request_id"] == answer.field("x-request-id") != ""


def test_no_token_gets_a_challenge_without_an_error(gateway: Gateway) -> None:
    for fields in ([], [("Authorization", "Basic YWxpY2U6c2VjcmV0")], [("Authorization", "bearer-ish x")]):
        answer = ask(gateway.port, "/mine", fields)
        assert (answer.status, answer.code) == (401, "token-missing")
        assert answer.field("www-authenticate") == 'Bearer realm="corp"'


def test_anything_but_one_token_is_malformed(gateway: Gateway) -> None:
    token = bearer(RSA.token(claims()))
    text = token[0][1]
    for fields in (
        token * 2,
        [*token, ("authorization", "Basic YTpi")],
        [("Authorization", "Bearer")],
        [("Authorization", "Bearer ")],
        [("Authorization", f"{text}, {text}")],
        [("Authorization", f"{text} {text[7:]}")],
    ):
        answer = ask(gateway.port, "/mine", fields)
        assert (answer.status, answer.code) == (401, "token-malformed")


def test_a_token_in_the_query_or_the_body_is_none(gateway: Gateway) -> None:
    token = RSA.token(claims()).decode()
    form = [("Content-Type", "application/x-www-form-urlencoded")]
    body = f"access_token={token}".encode()
    assert ask(gateway.port, f"/mine?access_token={token}").code == "token-missing"
    assert ask(gateway.port, "/mine", form, method="POST", body=body).code == "token-missing"


def test_a_token_never_chooses_where_keys_come_from(gateway: Gateway) -> None:
    with key_server_running() as attacker:
        attacker.scripts["/keys"] = keys(STRANGER.jwks())
        url = attacker.url("/keys")
        for member in ("jku", "x5u"):
            known = STRANGER.token(claims(), {member: url})
            assert ask(gateway.port, "/mine", bearer(known)).code == "token-signature-invalid"
            unknown = STRANGER.token(claims(), {member: url, "kid": "new"})
            assert ask(gateway.port, "/mine", bearer(unknown)).code == "key-unknown"
        assert ask(gateway.port, "/mine", bearer(STRANGER.token(claims(iss=url)))).status == 401
        assert not attacker.asked


def test_the_gateway_is_none_the_worse(gateway: Gateway) -> None:
    assert ask(gateway.port, "/mine", bearer(ED.token(claims()))).status == 200
    assert gateway.status()["worker_restarts"] == 0
    assert not [line for line in gateway.log if line["level"] in ("raw", "error")]
