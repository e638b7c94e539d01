"""Which token is kept for an upstream that gets another one in exchange, and that it is nobody else's."""

from typing import Any

import pytest

from hotgate.config.authentication import AllOf
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.outgoing import CREDENTIAL
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import CompileContext, PhasedStep
from hotgate.policies.authenticate import POLICY
from unit.policies.test_authenticate import CORP, KEY, LABS, bearer, exchange_with, identities

NEEDS = PhasedStep(Phase.SHAPE, lambda exchange: None, needs_credential=True)


def kept(*proofs: Any, fields: tuple[Any, ...], outgoing: tuple[PhasedStep, ...] = (NEEDS,)) -> tuple[Exchange, Any]:
    context = CompileContext("r", identities(), outgoing=outgoing)
    steps = POLICY.compile(proofs, context)
    exchange = exchange_with(*fields)
    answer = steps[0].run(exchange)
    assert answer is None
    return exchange, exchange.state.get(CREDENTIAL)


@pytest.mark.parametrize(
    ("proofs", "issuer"),
    [(("corp",), CORP), (("partners", "corp"), CORP), (("corp", "labs"), LABS), (("corp", "labs"), CORP)],
)
def test_it_is_the_one_that_recognised_the_caller(proofs: tuple[str, ...], issuer: Any) -> None:
    sent = bearer(issuer)
    exchange, token = kept(*proofs, fields=(sent,))
    assert b"Bearer " + token == sent[1]
    assert b"authorization" not in exchange.request.headers


def test_of_several_proofs_it_is_that_of_the_caller_who_leads() -> None:
    sent = bearer()
    _, token = kept(AllOf(all=("corp", "partners")), fields=(sent, KEY))
    assert b"Bearer " + token == sent[1]


@pytest.mark.parametrize("proofs", [("partners", "corp"), (AllOf(all=("partners", "corp")), "corp")])
def test_an_api_key_is_never_kept(proofs: Any) -> None:
    _, token = kept(*proofs, fields=(KEY,) if proofs[0] == "partners" else (KEY, bearer()))
    assert token is None


def test_where_nobody_needs_it_nothing_is_kept() -> None:
    exchange, token = kept("corp", fields=(bearer(),), outgoing=())
    assert token is None
    assert exchange._state == {}


def test_a_route_without_tokens_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="none of these takes tokens"):
        POLICY.compile(("partners",), CompileContext("r", identities(), outgoing=(NEEDS,)))
