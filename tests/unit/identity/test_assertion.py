"""What is asserted of whom, to whom, and for how long."""

import base64
import json
from typing import Any

import pytest

from hotgate.identity.assertion import (
    ASSERTION_TYPE,
    AssertionSigner,
    AssertionTerms,
    AssertionTooLarge,
    SigningImpossible,
)
from hotgate.identity.principal import Principal
from hotgate.keys.key_ring import KeyRing, RingHolder, RingKey
from hotgate.keys.signing_key import SigningKey
from hotgate.testing import FakeClock

NOW = 1_800_000_000.0


class Scene:
    """A signer with a key and a clock."""

    def __init__(self, *, audience: str = "orders", claims: tuple[str, ...] = (), lifetime: float = 60.0) -> None:
        self.clock = FakeClock(NOW)
        self.holder = RingHolder()
        self.rotate()
        self.signer = AssertionSigner(
            AssertionTerms("https://gw.test", audience, claims, lifetime), self.holder, self.clock
        )

    def rotate(self) -> None:
        self.holder.ring = KeyRing([RingKey(SigningKey.generate("ES256"), NOW)])

    def token(self, principal: Principal) -> bytes:
        name, value = self.signer.field_for(principal)
        assert name == b"x-hotgate-assertion"
        return value

    def said(self, principal: Principal) -> dict[str, Any]:
        return part(self.token(principal), 1)


def part(token: bytes, index: int) -> dict[str, Any]:
    encoded = token.split(b".")[index]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(encoded + b"=" * (-len(encoded) % 4)))
    return decoded


def ada(**facts: Any) -> Principal:
    return Principal("ada", **{"provider": "corp", "mechanism": "jwt", **facts})


def test_one_scope_with_a_space_does_not_pass_for_two() -> None:
    assert Scene().said(ada(scopes=frozenset({"read admin", "write"})))["scope"] == "write"
    assert "scope" not in Scene().said(ada(scopes=frozenset({"read admin"})))


def test_it_says_who_calls_and_for_whom_it_is_meant() -> None:
    scene = Scene()
    full = ada(
        scopes=frozenset({"b", "a"}),
        roles=frozenset({"admin"}),
        groups=frozenset({"g"}),
        tenant="t1",
        tier="gold",
        client="web",
    )
    assert scene.said(full) == {
        "iss": "https://gw.test",
        "aud": "orders",
        "sub": "ada",
        "iat": NOW,
        "nbf": NOW,
        "exp": NOW + 60,
        "provider": "corp",
        "mechanism": "jwt",
        "client_id": "web",
        "tenant": "t1",
        "tier": "gold",
        "scope": "a b",
        "roles": ["admin"],
        "groups": ["g"],
    }
    assert part(scene.token(full), 0)["typ"] == ASSERTION_TYPE


def test_chosen_claims_stay_apart_and_cannot_replace_what_the_gateway_says() -> None:
    scene = Scene(claims=("email", "address.country", "aud", "roles", "missing"))
    principal = ada(claims={"email": "a@x", "address": {"country": "FR"}, "aud": "else", "roles": ["root"], "ssn": "1"})
    said = scene.said(principal)
    assert said["claims"] == {"email": "a@x", "address.country": "FR", "aud": "else", "roles": ["root"]}
    assert said["aud"] == "orders"
    assert "roles" not in said
    assert "ssn" not in json.dumps(said)


def test_one_is_used_until_half_of_its_life_is_over() -> None:
    scene, principal = Scene(), ada()
    first = scene.token(principal)
    scene.clock.advance(29.9)
    assert scene.token(principal) is first
    scene.clock.advance(0.1)
    assert part(scene.token(principal), 1)["exp"] == NOW + 90


def test_equal_callers_are_not_given_each_others() -> None:
    scene = Scene()
    first, second = ada(), ada(tenant="other")
    assert scene.said(first) != scene.said(second)
    assert first.assertions != second.assertions


def test_one_backend_is_never_sent_what_is_meant_for_another() -> None:
    principal, orders, billing = ada(), Scene(), Scene(audience="billing")
    billing.holder.ring = orders.holder.ring
    assert orders.said(principal)["aud"] == "orders"
    assert billing.said(principal)["aud"] == "billing"
    assert orders.said(principal)["aud"] == "orders"


def test_it_ends_with_the_credential() -> None:
    scene, principal = Scene(), ada(expires=NOW + 20.5)
    assert scene.said(principal)["exp"] == NOW + 20
    scene.clock.advance(19.0)  # beyond half: a new one would live no longer
    assert part(scene.token(principal), 1)["iat"] == NOW


def test_none_is_kept_beyond_its_end() -> None:
    scene, principal = Scene(), ada(expires=NOW + 20.5)
    first = scene.token(principal)
    scene.clock.advance(20.2)
    assert scene.token(principal) is not first


def test_a_new_ring_ends_what_was_kept() -> None:
    scene, principal = Scene(), ada()
    old = part(scene.token(principal), 0)["kid"]
    scene.rotate()
    assert part(scene.token(principal), 0)["kid"] != old


def test_the_next_key_signs_when_its_time_comes_without_a_word_from_anybody() -> None:
    scene, principal = Scene(), ada()
    keys = [SigningKey.generate("ES256") for _ in range(2)]
    scene.holder.ring = KeyRing([RingKey(keys[0], NOW), RingKey(keys[1], NOW + 10)])
    assert part(scene.token(principal), 0)["kid"] == keys[0].kid
    scene.clock.advance(10)
    assert part(scene.token(principal), 0)["kid"] == keys[1].kid


def test_a_clock_that_was_set_back_does_not_send_what_is_not_yet_valid() -> None:
    scene, principal = Scene(), ada()
    scene.token(principal)
    scene.clock.advance(-3600)
    assert scene.said(principal)["nbf"] == NOW - 3600


def test_what_is_kept_of_one_caller_is_bounded() -> None:
    principal = ada()
    for index in range(100):
        Scene(audience=f"backend-{index}").token(principal)
    assert len(principal.assertions) <= 16


def test_too_many_groups_are_an_error_and_never_cut() -> None:
    with pytest.raises(AssertionTooLarge):
        Scene().token(ada(groups=frozenset(f"group-{index:04}" for index in range(1000))))


def test_without_a_key_nothing_is_sent() -> None:
    scene = Scene()
    scene.holder.ring = None
    with pytest.raises(SigningImpossible):
        scene.token(ada())
