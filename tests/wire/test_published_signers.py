"""Callers who publish their keys: a set signs for its own caller only, and new keys are found."""

from typing import Any

from hotgate.identity import base64url
from hotgate.identity.verification_keys.key_sets import key_set_name
from wire.samples import OK
from wire.scenario import Wire, scenario
from wire.signing_client import HOSTS, KEY, NOW, Signed, with_clock

ACME, GLOBEX = "https://acme.example/keys", "https://globex.example/keys"
ROUTE: dict[str, Any] = {
    "routes": [
        {"name": "all", "match": {"path": "/*", "hosts": HOSTS}, "upstream": "api", "authenticate": ["partners"]}
    ],
    "settings": {
        "identity": {
            "partners": {
                "signature": {
                    "jwks": [
                        {"url": ACME, "consumer": "acme", "roles": ["partner"]},
                        {"url": GLOBEX, "consumer": "globex"},
                    ]
                }
            }
        }
    },
}
X = base64url.encode(KEY.public_key().public_bytes_raw()).decode()
OURS = {"kty": "OKP", "crv": "Ed25519", "x": X, "kid": "k1"}
OTHER = {"kty": "OKP", "crv": "Ed25519", "x": "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs", "kid": "other"}


def publish(wire: Wire, location: str, *keys: dict[str, str]) -> None:
    wire.gateway.services["key_sets"].replace(key_set_name("partners", location), {"keys": list(keys)})


@scenario(**ROUTE)
async def test_a_published_key_signs_for_who_publishes_it(wire: Wire) -> None:
    with_clock(wire)
    publish(wire, ACME, OTHER)
    publish(wire, GLOBEX, OURS)
    received, answer = await wire.exchange(Signed().request(), OK)
    assert answer.status == 200
    assert received.get(b"x-auth-subject") == b"globex"


@scenario(**ROUTE)
async def test_a_caller_cannot_sign_for_another_by_its_key_id(wire: Wire) -> None:
    with_clock(wire)
    publish(wire, ACME, OTHER)
    publish(wire, GLOBEX, {**OURS, "kid": "other"})
    signed = Signed(parameters=f';created={NOW};keyid="other";nonce="n"')
    answer = await (await wire.send(signed.request())).message()
    assert (answer.status, answer.code) == (401, "signature-invalid")


@scenario(**ROUTE)
async def test_before_any_keys_were_there_nobody_can_tell(wire: Wire) -> None:
    with_clock(wire)
    answer = await (await wire.send(Signed().request())).message()
    assert (answer.status, answer.code) == (503, "key-set-unavailable")


@scenario(**ROUTE)
async def test_an_unknown_key_has_fresher_ones_fetched_once(wire: Wire) -> None:
    with_clock(wire)
    publish(wire, ACME, OTHER)
    publish(wire, GLOBEX, OTHER)
    asked: list[str] = []

    async def refresh(name: str) -> None:
        asked.append(name)
        publish(wire, ACME, OURS)

    wire.gateway.services["key_sets"].request_refresh = refresh
    received, answer = await wire.exchange(Signed().request(), OK)
    assert (answer.status, received.get(b"x-auth-subject")) == (200, b"acme")
    unknown = Signed(parameters=f';created={NOW};keyid="unknown";nonce="n"')
    assert (await (await wire.send(unknown.request())).message()).code == "signature-invalid"
    assert len(asked) == 2  # one for each set, and not again so soon


@scenario(**ROUTE)
async def test_keys_that_sign_no_messages_are_ignored(wire: Wire) -> None:
    with_clock(wire)
    publish(wire, ACME, {**OURS, "alg": "Ed25519"}, {key: value for key, value in OTHER.items() if key != "kid"})
    publish(wire, GLOBEX, OTHER)
    _, answer = await wire.exchange(Signed().request(), OK)
    assert answer.status == 200
