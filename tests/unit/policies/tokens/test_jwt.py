"""The jwt entry of `identity:`: its settings, its answers, its cache and how it waits for fresher keys."""

import asyncio
import hmac
import json
from typing import Any

import pytest

from encrypted_tokens import RSA, encrypted, private_text
from hotgate.identity import base64url
from hotgate.identity.principal import Principal
from hotgate.identity.verification_keys.key_sets import REFRESH_INTERVAL
from hotgate.testing.issuer import Issuer
from unit.policies.tokens.jwt_gate import (
    ISSUER,
    NEXT,
    NOW,
    SECRET,
    Gate,
    awaited,
    bearer,
)


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


def test_keys_and_a_secret_are_never_mixed_up() -> None:
    """RFC 8725 §2.1: the public key, which everybody has, as the secret of an HMAC."""
    gate = Gate(ISSUER)
    for form in (ISSUER.key.as_pem(private=False), json.dumps(ISSUER.jwk()).encode()):
        assert gate.answer(signed_with(form, kid="k1")).code == "token-signature-invalid"


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


def test_an_id_token_is_no_access_token_with_the_profile() -> None:
    claims = {"iss": ISSUER.name, "aud": "api", "sub": "ada", "exp": NOW + 60, "iat": NOW, "jti": "1", "client_id": "c"}
    gate = Gate(ISSUER, profile="rfc9068")
    for kind in ("at+jwt", "application/at+jwt", "AT+JWT"):
        assert isinstance(gate.ask(b"Bearer " + ISSUER.token(claims, {"typ": kind})), Principal)
    for other in ("JWT", None):
        assert gate.answer(b"Bearer " + ISSUER.token(claims, {"typ": other})).code == "token-malformed"
        assert isinstance(Gate(ISSUER).ask(b"Bearer " + ISSUER.token(claims, {"typ": other})), Principal)


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


def test_a_bad_signature_asks_nobody() -> None:
    assert Gate(ISSUER).answer(bearer(Issuer())).code == "token-signature-invalid"
