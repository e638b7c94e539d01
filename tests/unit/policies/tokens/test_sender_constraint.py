"""What a token demands of its sender, by its `cnf` and by how it came."""

import time
from typing import Any

import pytest

from dpop_client import DpopClient
from hotgate.http.response import Response
from hotgate.identity.confirmation import Stage, unconfirmed
from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused
from hotgate.policies.tokens.sender_constraint import SenderConstraint
from hotgate.policies.tokens.sender_settings import SenderSettings
from hotgate.testing.exchange import make_exchange

X5T = {"x5t#S256": "A" * 43}
JKT = {"jkt": "B" * 43}
NO_DPOP: dict[str, Any] = {}
DPOP: dict[str, Any] = {"dpop": {}}
EITHER: dict[str, Any] = {"dpop": {"required": False}}
CERTIFICATE: dict[str, Any] = {"certificate_bound": "required"}


def stages(settings: dict[str, Any], confirmation: Any, scheme: bytes = b"DPoP") -> list[Stage]:
    """Which demands there are; raises CredentialRefused."""
    claims = {} if confirmation is None else {"cnf": confirmation}
    principal = Principal("ada", provider="corp", mechanism="jwt", claims=claims)
    constraint = SenderConstraint("corp", SenderSettings.model_validate(settings), {})
    return [each.stage for each in constraint.confirmations(principal, scheme + b" token", b"token")]


@pytest.mark.parametrize(
    ("settings", "confirmation", "scheme", "expected"),
    [
        (NO_DPOP, None, b"Bearer", []),
        (NO_DPOP, X5T, b"Bearer", [Stage.CONNECTION]),
        (CERTIFICATE, X5T, b"Bearer", [Stage.CONNECTION]),
        (DPOP, JKT, b"DPoP", [Stage.PROOF]),
        (DPOP, JKT, b"dpop", [Stage.PROOF]),
        (EITHER, None, b"Bearer", []),
        (EITHER, JKT, b"DPoP", [Stage.PROOF]),
        (EITHER, X5T, b"Bearer", [Stage.CONNECTION]),
        (DPOP, {**JKT, **X5T}, b"DPoP", [Stage.CONNECTION, Stage.PROOF]),
        ({**DPOP, **CERTIFICATE}, {**X5T, **JKT}, b"DPoP", [Stage.CONNECTION, Stage.PROOF]),
    ],
)
def test_what_is_demanded(settings: dict[str, Any], confirmation: Any, scheme: bytes, expected: list[Stage]) -> None:
    assert stages(settings, confirmation, scheme) == expected


@pytest.mark.parametrize(
    ("settings", "confirmation", "scheme"),
    [
        (NO_DPOP, JKT, b"Bearer"),
        (NO_DPOP, JKT, b"DPoP"),
        (NO_DPOP, {**X5T, **JKT}, b"Bearer"),
        (CERTIFICATE, None, b"Bearer"),
        (DPOP, None, b"Bearer"),
        (DPOP, None, b"DPoP"),
        (DPOP, JKT, b"Bearer"),
        (DPOP, X5T, b"Bearer"),
        (DPOP, X5T, b"DPoP"),
        (DPOP, {**X5T, **JKT}, b"Bearer"),
        (EITHER, None, b"DPoP"),
        (EITHER, JKT, b"Bearer"),
        (EITHER, X5T, b"DPoP"),
        ({**DPOP, **CERTIFICATE}, JKT, b"DPoP"),
        ({**DPOP, **CERTIFICATE}, X5T, b"DPoP"),
        (DPOP, {}, b"DPoP"),
        (DPOP, [], b"DPoP"),
        (DPOP, "jkt", b"DPoP"),
        (DPOP, {"jkt": "B" * 42}, b"DPoP"),
        (DPOP, {"jkt": "B" * 43 + "="}, b"DPoP"),
        (DPOP, {"jkt": ["B" * 43]}, b"DPoP"),
        (DPOP, {**JKT, "jwk": {}}, b"DPoP"),
        (DPOP, {"kid": "k1"}, b"DPoP"),
        (EITHER, {"x5t": "A" * 43}, b"Bearer"),
    ],
)
def test_what_is_refused(settings: dict[str, Any], confirmation: Any, scheme: bytes) -> None:
    with pytest.raises(CredentialRefused, match="token-binding-mismatch"):
        stages(settings, confirmation, scheme)


def test_a_token_that_is_bound_twice_needs_both() -> None:
    """The certificate is looked at first: a thief on another connection learns nothing of the proof."""
    client = DpopClient(url="http://api.example.com/")
    claims = {"cnf": {**X5T, **client.confirmation}}
    principal = Principal("ada", provider="corp", mechanism="jwt", claims=claims)
    constraint = SenderConstraint("corp", SenderSettings.model_validate(DPOP), {})
    demands = constraint.confirmations(principal, b"DPoP token", b"token")
    exchange = make_exchange(headers={"dpop": client.proof(b"token", time.time()).decode()})
    refusal = unconfirmed(demands, exchange)
    assert isinstance(refusal, Response)
    assert (refusal.status, refusal.code) == (401, "token-binding-mismatch")
    assert "certificate" in refusal.log_detail


def test_a_refused_proof_is_told_in_the_words_of_its_scheme_alone() -> None:
    client = DpopClient()
    principal = Principal("ada", provider="corp", mechanism="jwt", claims={"cnf": client.confirmation})
    constraint = SenderConstraint("corp", SenderSettings.model_validate(EITHER), {})
    refusal = unconfirmed(constraint.confirmations(principal, b"DPoP token", b"token"), make_exchange())
    assert isinstance(refusal, Response)
    assert refusal.header("www-authenticate") == (
        'DPoP realm="corp", algs="ES256 EdDSA Ed25519 PS256", error="invalid_dpop_proof", '
        'error_description="A DPoP proof is missing"'
    )
