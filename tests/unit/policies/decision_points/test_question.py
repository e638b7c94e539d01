"""What is asked: nulls are nothing, order is none, and what cannot be said is not asked."""

import pytest

from hotgate.config.decision_points import authzen, opa
from hotgate.policies.conditions.attributes import attributes_of
from hotgate.policies.conditions.condition import ConditionFailed
from hotgate.policies.decision_points.authzen import AuthZenKind
from hotgate.policies.decision_points.contract import Kind
from hotgate.policies.decision_points.opa import OpaKind
from hotgate.policies.decision_points.question import QuestionCompiler, encoded, members
from hotgate.testing import make_exchange, make_principal

ATTRIBUTES = attributes_of((), {}, has_body=True)


def test_null_is_left_out_and_members_are_sorted() -> None:
    compiler = QuestionCompiler(ATTRIBUTES)
    node = members({"z": compiler.value("1"), "a": compiler.value("null"), "m": compiler.value('{"b": 1, "a": 2}')})
    assert compiler.finished(node).of(make_exchange()).encoded == b'{"m":{"a":2,"b":1},"z":1}'


def test_what_it_looks_at_is_told() -> None:
    compiler = QuestionCompiler(ATTRIBUTES)
    question = compiler.finished(members({"a": compiler.text("principal.subject"), "b": compiler.value("body")}))
    assert set(question.attributes) == {"principal.subject", "body"}
    assert question.needs_body


def test_a_text_that_is_empty_is_no_name() -> None:
    compiler = QuestionCompiler(ATTRIBUTES)
    question = compiler.finished(compiler.text("principal.subject", "subject", "id"))
    assert question.of(make_exchange(principal=make_principal())).content == "alice"
    with pytest.raises(ConditionFailed, match=r"subject\.id is empty"):
        question.of(make_exchange())


def test_what_is_no_unicode_is_not_asked() -> None:
    with pytest.raises(ConditionFailed, match="not Unicode"):
        encoded({"a": "\ud800"})


@pytest.mark.parametrize(
    ("kind", "ask"),
    [
        (AuthZenKind(authzen.AuthZen(upstream="pdp")), authzen.AuthZenQuestion()),
        (OpaKind(opa.Opa(upstream="pdp", path="/v1/data/a")), opa.OpaQuestion()),
    ],
)
def test_callers_of_one_name_and_two_providers_are_not_taken_for_one(kind: Kind, ask: object) -> None:
    question = kind.compile(ask, ATTRIBUTES)
    callers = [make_principal(provider=name) for name in ("corp", "partners")]
    first, second = (question.of(make_exchange(principal=caller)).encoded for caller in callers)
    assert first != second
