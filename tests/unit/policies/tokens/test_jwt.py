"""The jwt entry of `identity:`: its settings, its answers, its cache and how it waits for fresher keys."""

import asyncio
import hmac
import json
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from encrypted_tokens import P256, RSA, encrypted, private_text
from hotgate.config.dangers import HasDangers
from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.http.response import Response
from hotgate.identity import base64url
from hotgate.identity.confirmation import unconfirmed
from hotgate.identity.principal import Principal
from hotgate.identity.verification_keys.key_sets import REFRESH_INTERVAL, KeySets, key_set_name
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.route import Route
from hotgate.policies.tokens.jwt import MECHANISM, JwtAuthenticator
from hotgate.policies.tokens.jwt_settings import JwtSettings
from hotgate.runtime.compiling.load import load_configuration
from hotgate.runtime.worker_process.questions import Unanswered
from hotgate.store.errors import StoreUnavailable
from hotgate.testing.issuer import Issuer

URL = "https://idp.test/jwks"
NOW = 1_800_000_000.0
ISSUER = Issuer()
NEXT = Issuer(kid="k2")
SETTINGS: dict[str, Any] = {"issuer": ISSUER.name, "audience": "api", "jwks_url": URL}
SET = key_set_name("corp", URL)


class Clock:
    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Gate:
    """An authenticator with its key sets and clock."""

    def __init__(self, *issuers: Issuer, services: dict[str, Any] | None = None, **settings: Any) -> None:
        self.clock = Clock()
        self.key_sets = KeySets(self.clock)
        if issuers:
            self.publish(*issuers)
        services = {"key_sets": self.key_sets, "wall_clock": self.clock, **(services or {})}
        compiled = MECHANISM.compile("corp", JwtSettings.model_validate({**SETTINGS, **settings}), services)
        assert isinstance(compiled, JwtAuthenticator)
        self.authenticator = compiled

    def publish(self, *issuers: Issuer) -> None:
        self.key_sets.replace(SET, {"keys": [issuer.jwk() for issuer in issuers]})

    def ask(self, *authorizations: bytes) -> Any:
        fields = [(b"host", b"x"), *((b"authorization", value) for value in authorizations)]
        request = Request("GET", "/", Headers(fields))
        exchange = Exchange(request, Route("r"), params={}, client="192.0.2.1", request_id="1", started=0.0)
        return confirmed(self.authenticator.authenticate(exchange), exchange)

    def answer(self, *authorizations: bytes) -> Response:
        found = self.ask(*authorizations)
        assert isinstance(found, Response)
        return found


def bearer(issuer: Issuer = ISSUER, **changes: Any) -> bytes:
    claims = {"iss": issuer.name, "aud": "api", "sub": "ada", "exp": NOW + 60, **changes}
    return b"Bearer " + issuer.token(claims)


def confirmed(found: Any, exchange: Exchange) -> Any:
    """What is found, or what comes of what it demands."""
    if isinstance(found, Principal) and found.confirmations:
        refusal = unconfirmed(found.confirmations, exchange)
        return confirmed_later(found, refusal) if isinstance(refusal, Awaitable) else refusal or found
    return confirmed_once_found(found, exchange) if isinstance(found, Awaitable) else found


async def confirmed_later(found: Principal, pending: Awaitable[Any]) -> Any:
    return await pending or found


async def confirmed_once_found(pending: Awaitable[Any], exchange: Exchange) -> Any:
    outcome = confirmed(await pending, exchange)
    return await outcome if isinstance(outcome, Awaitable) else outcome


async def awaited(pending: Awaitable[Any]) -> Any:
    return await pending


# --- settings


def test_the_defaults_are_strict() -> None:
    settings = JwtSettings.model_validate(SETTINGS)
    assert settings.algorithms == ("RS256", "ES256")
    assert settings.leeway == 30.0
    assert not settings.forward_token


@pytest.mark.parametrize(
    "changes",
    [
        {"algorithms": ["none"]},
        {"algorithms": ["None"]},
        {"algorithms": ["HS256"]},
        {"algorithms": ["RS256", "HS512"]},
        {"algorithms": ["ES256K"]},
        {"algorithms": []},
        {"jwks_url": None, "issuer": "idp"},
        {"jwks_url": None, "issuer": "http://idp.test"},
        {"jwks_url": None, "issuer": "https://idp.test?tenant=1"},
        {"jwks_url": None, "issuer": ["https://idp.test", "https://idp.example"]},
        {"discovery_url": "https://idp.test/metadata"},
        {"jwks_file": "keys.json"},
        {"jwks_url": "http://idp.test/jwks"},
        {"jwks_url": "http://127.0.0.1.idp.test/jwks"},
        {"jwks_url": "http://localhost.idp.test/jwks"},
        {"jwks_url": "http://localhost@idp.test/jwks"},
        {"jwks_url": "https://user:hunter2@idp.test/jwks"},
        {"jwks_url": "https://idp.test/jwks#x"},
        {"jwks_url": "https:///jwks"},
        {"jwks_url": "https://[::1/jwks"},
        {"jwks_url": "file:///etc/passwd"},
        {"jwks_url": "ftp://idp.test/jwks"},
        {"jwks_url": "https://idp.test/\njwks"},
        {"jwks_url": 5},
        {"issuer": ""},
        {"audience": ""},
        {"audience": []},
        {"leeway": "10m"},
        {"leeway": 30},
        {"realm": 'a" error="x'},
        {"realm": "a\r\nx: y"},
        {"unknown": 1},
    ],
)
def test_unsafe_settings_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        JwtSettings.model_validate({**SETTINGS, **changes})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000/jwks", "http://[::1]/jwks", "http://localhost:1/jwks", URL])
def test_plain_http_is_for_this_machine_only(url: str) -> None:
    assert JwtSettings.model_validate({**SETTINGS, "jwks_url": url}).jwks_location == url


def test_keys_may_come_from_a_file() -> None:
    settings = JwtSettings.model_validate({**SETTINGS, "jwks_url": None, "jwks_file": "keys.json"})
    assert settings.jwks_location == "keys.json"


def test_issuer_and_audience_are_required() -> None:
    for name in ("issuer", "audience"):
        with pytest.raises(ValidationError):
            JwtSettings.model_validate({key: value for key, value in SETTINGS.items() if key != name})


def test_the_schema_describes_every_key() -> None:
    properties = JwtSettings.model_json_schema()["properties"]
    assert all(value.get("description") for value in properties.values())


# --- answers


def test_a_good_token_is_recognised_and_remembered() -> None:
    gate = Gate(ISSUER)
    credential = bearer()
    principal = gate.ask(credential)
    assert isinstance(principal, Principal)
    assert principal.provider == "corp"
    assert gate.ask(credential) is principal


def test_a_remembered_token_expires() -> None:
    gate = Gate(ISSUER)
    credential = bearer()
    gate.ask(credential)
    gate.clock.now = NOW + 89.9
    assert isinstance(gate.ask(credential), Principal)
    gate.clock.now = NOW + 90.0
    assert gate.answer(credential).code == "token-expired"


def test_a_remembered_token_goes_with_its_key() -> None:
    gate = Gate(ISSUER)
    credential = bearer()
    gate.ask(credential)
    gate.publish(NEXT)
    gate.clock.now += 1
    found = gate.ask(credential)
    assert asyncio.run(awaited(found)).code == "key-unknown"


def test_a_refused_token_is_not_remembered() -> None:
    gate = Gate(ISSUER)
    credential = bearer(nbf=NOW + 100, exp=NOW + 200)
    assert gate.answer(credential).code == "token-not-yet-valid"
    gate.clock.now = NOW + 100
    assert isinstance(gate.ask(credential), Principal)


def test_without_a_bearer_token_somebody_else_is_asked() -> None:
    gate = Gate(ISSUER)
    assert gate.ask() is None
    assert gate.ask(b"Basic YTpi") is None
    assert gate.authenticator.challenge == 'Bearer realm="corp"'


def test_a_bad_token_is_answered_as_rfc_6750_says() -> None:
    response = Gate(ISSUER, realm="The API").answer(bearer(exp=NOW - 100))
    assert response.status == 401
    assert response.header("www-authenticate") == (
        'Bearer realm="The API", error="invalid_token", error_description="The token has expired"'
    )
    assert json.loads(response.body or b"")["code"] == "token-expired"


def test_an_answer_tells_neither_the_token_nor_the_exact_reason() -> None:
    credential = bearer(sub=5)
    response = Gate(ISSUER).answer(credential)
    shown = (response.body or b"") + repr(response.headers.fields).encode() + response.log_detail.encode()
    assert credential[7:] not in shown
    assert b"sub" not in (response.body or b"")


@pytest.mark.parametrize(
    "credentials", [(b"Bearer",), (b"Bearer a b",), (bearer(), bearer()), (bearer(), b"Basic YTpi")]
)
def test_more_or_less_than_one_token_is_malformed(credentials: tuple[bytes, ...]) -> None:
    assert Gate(ISSUER).answer(*credentials).code == "token-malformed"


def test_before_the_first_keys_the_gateway_is_at_fault() -> None:
    response = Gate().answer(bearer())
    assert (response.status, response.code) == (503, "key-set-unavailable")
    assert int(response.header("retry-after") or "") > 0
    assert response.header("www-authenticate") is None


# --- secrets


SECRET = "correct horse battery staple and then some more words, so that it is long"


def signed_with(secret: bytes, algorithm: str = "HS256", **header: Any) -> bytes:
    head = base64url.encode(json.dumps({"alg": algorithm, **header}).encode())
    payload = {"iss": ISSUER.name, "aud": "api", "sub": "ada", "exp": NOW + 60}
    signing_input = head + b"." + base64url.encode(json.dumps(payload).encode())
    digest = hmac.digest(secret, signing_input, f"sha{algorithm[2:]}")
    return b"Bearer " + signing_input + b"." + base64url.encode(digest)


def test_a_secret_verifies_without_any_keys() -> None:
    gate = Gate(jwks_url=None, secret=SECRET)
    credential = signed_with(SECRET.encode(), kid="whatever")
    principal = gate.ask(credential)
    assert isinstance(principal, Principal)
    assert gate.ask(credential) is principal
    assert gate.answer(signed_with(b"another secret that is long enough, too")).code == "token-signature-invalid"
    assert gate.answer(signed_with(SECRET.encode(), "HS512")).code == "token-signature-invalid"  # not asked for
    assert gate.answer(bearer()).code == "token-signature-invalid"


@pytest.mark.parametrize(("top", "warns"), [("", True), ("store: {}", False)])
def test_single_use_without_a_store_is_a_warning(tmp_path: Path, top: str, warns: bool) -> None:
    file = tmp_path / "hotgate.yaml"
    file.write_text(f"""
listeners: [{{name: web, bind: "127.0.0.1:0"}}]
identity: {{corp: {{jwt: {{issuer: "https://idp.test", audience: api, single_use: true}}}}}}
routes: [{{name: all, match: {{path: "/*"}}, authenticate: [corp], respond: {{body: hello}}}}]
{top}
""")
    warnings = [str(each) for each in load_configuration(file).warnings]
    assert [":3:" in each and "a restart forgets" in each for each in warnings] == [True] * warns


def test_keys_and_a_secret_are_never_mixed_up() -> None:
    """RFC 8725 §2.1: the public key, which everybody has, as the secret of an HMAC."""
    gate = Gate(ISSUER)
    for form in (ISSUER.key.as_pem(private=False), json.dumps(ISSUER.jwk()).encode()):
        assert gate.answer(signed_with(form, kid="k1")).code == "token-signature-invalid"


@pytest.mark.parametrize(
    "changes",
    [
        {"secret": SECRET},  # and keys
        {"jwks_url": None, "secret": "x" * 31},
        {"jwks_url": None, "secret": "x" * 47, "algorithms": ["HS384"]},
        {"jwks_url": None, "secret": "x" * 63, "algorithms": ["HS256", "HS512"]},
        {"jwks_url": None, "secret": SECRET, "algorithms": ["RS256"]},
        {"jwks_url": None, "secret": SECRET, "algorithms": ["HS256", "RS256"]},
        {"jwks_url": None, "secret": '{"kty":"oct","k":"aHVudGVyMg"}'},
        {"jwks_url": None, "secret": '{"kty":"RSA","n":"hunter2","e":"AQAB"}'},
        {"jwks_url": None, "secret": "-----BEGIN PUBLIC KEY-----\nhunter2hunter2hunter2\n-----END PUBLIC KEY-----"},
        {"decryption_secret": "hunter2"},
        {"decryption_secret": "x" * 32, "decryption_keys": [{"key": private_text(RSA)}]},
        {"decryption_keys": [{"key": "hunter2"}]},
        {"decryption_keys": [{"key": private_text(RSA)}, {"key": private_text(P256), "kid": "a"}]},
        {"decryption_keys": [{"key": private_text(RSA), "kid": "a"}, {"key": private_text(P256), "kid": "a"}]},
        {"encryption": "required"},
        {"decryption_algorithms": ["dir"]},
        {"decryption_secret": "x" * 32, "decryption_algorithms": ["RSA1_5"]},
        {"decryption_secret": "x" * 32, "content_encryption": ["A192GCM"]},
        {"profile": "rfc9067"},
        {"clients": []},
        {"max_age": 5},
        {"single_use": "perhaps"},
    ],
)
def test_settings_that_cannot_be_meant_are_refused_and_not_shown(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        JwtSettings.model_validate({**SETTINGS, **changes})
    assert "hunter2" not in str(caught.value)
    assert "horse" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ({}, []),
        ({"jwks_url": None, "secret": SECRET}, ["secret"]),
        ({"token": {"query": "access_token"}}, ["token"]),
        ({"token": {"cookie": "session"}}, []),
        ({"leeway": "2m"}, []),
        ({"leeway": "3m"}, ["leeway"]),
    ],
)
def test_weak_choices_are_known(changes: dict[str, Any], keys: list[str]) -> None:
    settings = JwtSettings.model_validate({**SETTINGS, **changes})
    assert isinstance(settings, HasDangers)
    assert [key for key, _, _ in settings.dangers()] == keys


# --- encrypted tokens


def sealed(**changes: Any) -> bytes:
    return b"Bearer " + encrypted(bearer(**changes)[7:], RSA)


def test_an_encrypted_token_is_opened_verified_and_remembered() -> None:
    gate = Gate(ISSUER, decryption_keys=[{"key": private_text(RSA)}])
    credential = sealed()
    principal = gate.ask(credential)
    assert isinstance(principal, Principal)
    assert gate.ask(credential) is principal
    assert gate.answer(sealed(exp=NOW - 100)).code == "token-expired"
    assert gate.answer(b"Bearer " + encrypted(bearer(Issuer())[7:], RSA)).code == "token-signature-invalid"
    assert gate.answer(b"Bearer " + encrypted(sealed()[7:], RSA)).code == "token-malformed"  # once is enough
    assert gate.answer(bearer()).code == "token-malformed"


def test_encryption_may_be_optional() -> None:
    gate = Gate(ISSUER, decryption_keys=[{"key": private_text(RSA)}], encryption="optional")
    assert isinstance(gate.ask(bearer()), Principal)
    assert isinstance(gate.ask(sealed()), Principal)


def test_an_encrypted_token_is_malformed_where_none_is_expected() -> None:
    assert Gate(ISSUER).answer(sealed()).code == "token-malformed"


def test_a_token_is_too_long_before_it_is_decrypted() -> None:
    assert Gate(ISSUER, decryption_keys=[{"key": private_text(RSA)}]).answer(sealed(x="y" * 8192)).code == (
        "token-malformed"
    )


# --- the profile of RFC 9068


def test_an_id_token_is_no_access_token_with_the_profile() -> None:
    claims = {"iss": ISSUER.name, "aud": "api", "sub": "ada", "exp": NOW + 60, "iat": NOW, "jti": "1", "client_id": "c"}
    gate = Gate(ISSUER, profile="rfc9068")
    for kind in ("at+jwt", "application/at+jwt", "AT+JWT"):
        assert isinstance(gate.ask(b"Bearer " + ISSUER.token(claims, {"typ": kind})), Principal)
    for other in ("JWT", None):
        assert gate.answer(b"Bearer " + ISSUER.token(claims, {"typ": other})).code == "token-malformed"
        assert isinstance(Gate(ISSUER).ask(b"Bearer " + ISSUER.token(claims, {"typ": other})), Principal)


# --- revoked tokens


class Store:
    """Which values are revoked, by kind; it may be away."""

    def __init__(self) -> None:
        self.version = 1
        self.revoked: set[tuple[str, Any]] = set()
        self.is_away = False

    def is_revoked(self, provider: str, jti: Any, sub: Any, sid: Any, client: Any, issued_at: Any) -> bool:
        if self.is_away:
            raise StoreUnavailable("the store is away")
        asked = {"provider": provider, "jti": jti, "sub": sub, "sid": sid, "client": client, "iat": issued_at}
        return not self.revoked.isdisjoint(asked.items())

    def revoke(self, kind: str, value: Any) -> None:
        self.revoked.add((kind, value))
        self.version += 1


FACTS: dict[str, Any] = {"jti": "t1", "sid": "s1", "azp": "app", "iat": NOW}


@pytest.mark.parametrize(
    ("kind", "value"),
    [("jti", "t1"), ("sub", "ada"), ("sid", "s1"), ("client", "app"), ("provider", "corp"), ("iat", NOW)],
)
def test_a_revoked_token_is_refused_also_if_it_is_remembered(kind: str, value: Any) -> None:
    store = Store()
    gate = Gate(ISSUER, services={"credentials": store})
    credential = bearer(**FACTS)
    assert isinstance(gate.ask(credential), Principal)
    store.revoke(kind, value)
    for each in (credential, bearer(**FACTS)):
        response = gate.answer(each)
        assert (response.status, response.code) == (401, "token-revoked")
        assert 'error="invalid_token"' in (response.header("www-authenticate") or "")
    store.revoked.clear()
    store.version += 1
    assert isinstance(gate.ask(credential), Principal)


def test_without_the_store_nobody_new_gets_in() -> None:
    store = Store()
    gate = Gate(ISSUER, services={"credentials": store})
    known = bearer(**FACTS)
    gate.ask(known)
    store.is_away = True
    assert isinstance(gate.ask(known), Principal)  # nothing is known to have changed
    response = gate.answer(bearer(jti="t2"))
    assert (response.status, response.code) == (503, "store-unavailable")
    assert response.header("www-authenticate") is None
    store.version += 1
    assert gate.answer(known).code == "store-unavailable"


def test_a_forged_token_asks_no_store() -> None:
    store = Store()
    store.is_away = True
    assert Gate(ISSUER, services={"credentials": store}).answer(bearer(Issuer())).code == "token-signature-invalid"


# --- tokens for single use


class Desk:
    """Answers as the control process does: yes to the first."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answer: Any = None
        self.opened = asyncio.Event()
        self.opened.set()

    async def ask(self, about: str, body: dict[str, Any]) -> Any:
        assert about == "single_use"
        is_first = body not in self.asked
        self.asked.append(body)
        await self.opened.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return is_first if self.answer is None else self.answer


def once(desk: Desk | None) -> Gate:
    return Gate(ISSUER, single_use=True, services={} if desk is None else {"ask": desk.ask})


def test_a_token_for_single_use_is_good_once() -> None:
    desk = Desk()
    gate = once(desk)
    credential = bearer(jti="t1")
    assert isinstance(asyncio.run(awaited(gate.ask(credential))), Principal)
    assert desk.asked == [{"provider": "corp", "jti": "t1", "expires": NOW + 90}]
    for _ in range(2):
        response = asyncio.run(awaited(gate.ask(credential)))
        assert (response.status, response.code) == (401, "token-already-used")
    assert asyncio.run(awaited(gate.ask(bearer(jti="t1")))).code == "token-already-used"  # signed anew, the same jti


def test_of_many_at_the_same_time_one_gets_in() -> None:
    desk = Desk()
    gate = once(desk)
    credential = bearer(jti="t1")

    async def race() -> list[Any]:
        desk.opened.clear()
        waiting = [asyncio.ensure_future(gate.ask(credential)) for _ in range(20)]
        await asyncio.sleep(0)
        desk.opened.set()
        return await asyncio.gather(*waiting)

    answers = asyncio.run(race())
    assert sum(isinstance(answer, Principal) for answer in answers) == 1
    assert gate.authenticator.recognized(credential) is None


@pytest.mark.parametrize("answer", [False, 1, "yes", {}, [True]])
def test_only_a_clear_yes_lets_a_token_in(answer: Any) -> None:
    desk = Desk()
    desk.answer = answer
    assert asyncio.run(awaited(once(desk).ask(bearer(jti="t1")))).code == "token-already-used"


def test_without_an_answer_nobody_gets_in() -> None:
    desk = Desk()
    desk.answer = Unanswered("gone")
    for gate in (once(desk), once(None)):
        response = asyncio.run(awaited(gate.ask(bearer(jti="t1"))))
        assert (response.status, response.code) == (503, "store-unavailable")


def test_a_bad_token_uses_nothing_up() -> None:
    desk = Desk()
    gate = once(desk)
    for credential in (bearer(Issuer(), jti="t1"), bearer(jti="t1", exp=NOW - 100), bearer(), bearer(jti=5)):
        assert isinstance(gate.answer(credential), Response)
    assert desk.asked == []


def test_a_thief_without_the_certificate_uses_nothing_up() -> None:
    desk = Desk()
    bound = bearer(jti="t1", cnf={"x5t#S256": "A" * 43})
    assert once(desk).answer(bound).code == "token-binding-mismatch"
    assert desk.asked == []


def test_a_token_for_single_use_may_come_with_a_new_key() -> None:
    desk = Desk()
    gate = once(desk)

    async def request_refresh(name: str) -> None:
        gate.publish(ISSUER, NEXT)

    gate.key_sets.request_refresh = request_refresh
    assert isinstance(asyncio.run(awaited(gate.ask(bearer(NEXT, jti="t1")))), Principal)
    assert asyncio.run(awaited(gate.ask(bearer(NEXT, jti="t1")))).code == "token-already-used"


# --- fresher keys


def test_an_unknown_kid_waits_for_fresher_keys_and_passes() -> None:
    gate = Gate(ISSUER)

    async def request_refresh(name: str) -> None:
        gate.publish(ISSUER, NEXT)

    gate.key_sets.request_refresh = request_refresh
    found = asyncio.run(awaited(gate.ask(bearer(NEXT))))
    assert isinstance(found, Principal)
    assert isinstance(gate.ask(bearer()), Principal)


def test_a_kid_that_stays_unknown_is_refused_and_the_next_at_once() -> None:
    gate = Gate(ISSUER)
    assert asyncio.run(awaited(gate.ask(bearer(NEXT)))).code == "key-unknown"
    assert gate.answer(bearer(Issuer(kid="k3"))).code == "key-unknown"
    gate.clock.now += REFRESH_INTERVAL
    assert asyncio.run(awaited(gate.ask(bearer(NEXT)))).code == "key-unknown"


def test_a_token_whose_key_came_late_is_not_accepted_while_the_store_cannot_be_asked() -> None:
    class Revocations:
        version = 1

        def is_revoked(self, *claims: Any) -> bool:
            raise StoreUnavailable("the store cannot be read")

    gate = Gate(ISSUER, services={"credentials": Revocations()})

    async def request_refresh(name: str) -> None:
        gate.publish(ISSUER, NEXT)

    gate.key_sets.request_refresh = request_refresh
    response = asyncio.run(awaited(gate.ask(bearer(NEXT))))
    assert (response.status, response.code) == (503, "store-unavailable")


def test_a_bad_signature_asks_nobody() -> None:
    assert Gate(ISSUER).answer(bearer(Issuer())).code == "token-signature-invalid"
