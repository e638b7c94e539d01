"""OpenID AuthZEN, Authorization API 1.0 (openid.net/specs/authorization-api-1_0.html): its HTTPS binding, section 10.1.

Sections 8 (search) and 9 (metadata) are left out: a gateway has nothing to search for, and where it asks is the
operator's word, with pools, TLS and credentials, not that of a document from the network.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hotgate.config.decision_points import authzen as settings_of
from hotgate.policies.conditions.attribute import Attribute
from hotgate.policies.decision_points.contract import NoDecision, Question, RouteQuestion, Verdict
from hotgate.policies.decision_points.field_changes import FieldChanges
from hotgate.policies.decision_points.json_answer import boolean, json_object, text_of
from hotgate.policies.decision_points.json_verdict import json_verdict
from hotgate.policies.decision_points.question import Node, QuestionCompiler, constant, members
from hotgate.upstream.side_call import SideAnswer, SideRequest

_MEMBERS = ("subject", "action", "resource", "context")  # section 6.1
_STOPS = "deny_on_first_deny"  # section 7.1.2.1


class AuthZenKind:
    """One question is an access evaluation, several are access evaluations."""

    most_at_once = 50

    def __init__(self, settings: settings_of.AuthZen) -> None:
        self._one = settings.evaluation.encode("ascii")
        self._several = settings.evaluations.encode("ascii")
        self._semantic = settings.evaluations_semantic
        self._changes = FieldChanges.listed(settings.headers_to_upstream, settings.headers_to_client)

    def compile(self, ask: settings_of.AuthZenQuestion, attributes: Mapping[str, Attribute]) -> RouteQuestion:
        """Section 6.1: subject, action, resource, and the context if there is one."""
        compiler = QuestionCompiler(attributes)
        nodes = {
            "subject": _entity(compiler, ask.subject, "subject"),
            "action": members(
                {
                    "name": compiler.text(ask.action.name, "action", "name"),
                    **_optional(compiler, ask.action.properties, "action", "properties"),
                }
            ),
            "resource": _entity(compiler, ask.resource, "resource"),
            **_optional(compiler, ask.context, "context"),
        }
        return compiler.finished(members(nodes))

    def request(self, questions: Sequence[Question], request_id: str) -> SideRequest:
        """Sections 6.1 and 7.1, with the request's id (section 10.1.3)."""
        fields = [
            (b"content-type", b"application/json"),
            (b"accept", b"application/json"),
            (b"x-request-id", request_id.encode("ascii")),
        ]
        if len(questions) == 1:
            return SideRequest("POST", self._one, fields, questions[0].encoded)
        body = _boxcarred([question.content for question in questions], self._semantic)
        return SideRequest("POST", self._several, fields, body)

    def verdicts(self, answer: SideAnswer, questions: Sequence[Question]) -> list[Verdict]:
        """Sections 5.5 and 7.2. Unknown members are ignored, as section 10.1.1 wants; obligations are not."""
        found = json_object(answer)
        if len(questions) == 1:
            return [self._verdict(found)]
        evaluations = found.get("evaluations")
        if not isinstance(evaluations, list):
            raise NoDecision("no list `evaluations`")
        verdicts = [self._verdict(each) for each in evaluations]
        if len(verdicts) != len(questions) and not self._stopped(verdicts, len(questions)):
            raise NoDecision(f"{len(verdicts)} evaluations for {len(questions)} questions")
        return verdicts

    def _stopped(self, verdicts: Sequence[Verdict], asked: int) -> bool:
        """Whether it rightly stopped at the first denial."""
        if self._semantic != _STOPS or not 0 < len(verdicts) < asked:
            return False
        return not verdicts[-1].allowed and all(each.allowed for each in verdicts[:-1])

    def _verdict(self, decision: Any) -> Verdict:
        allowed = boolean(decision, "decision")
        context = decision.get("context", {})
        if not isinstance(context, dict):
            raise NoDecision("`context` is no object")
        if allowed and "error" in context:
            raise NoDecision("`decision` is true beside an error")
        error = context.get("error")
        found = (context.get("reason_admin"), context.get("reason"), error if isinstance(error, dict) else None)
        reason = next(filter(None, map(text_of, found)), "")
        said = text_of(context.get("reason_user"))
        return json_verdict(context, self._changes, allowed=allowed, reason=reason, said_to_client=said)


def _entity(
    compiler: QuestionCompiler, ask: settings_of.AuthZenSubject | settings_of.AuthZenResource, name: str
) -> Node:
    """Sections 5.1 and 5.2."""
    nodes = {"type": constant(ask.type), "id": compiler.text(ask.id, name, "id")}
    return members(nodes | _optional(compiler, ask.properties, name, "properties"))


def _optional(compiler: QuestionCompiler, sources: Mapping[str, str], *path: str) -> dict[str, Node]:
    return {path[-1]: compiler.members(sources, *path)} if sources else {}


def _same(name: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether both have the same there. As JSON: in Python `True == 1 == 1.0`, and for a policy they may differ."""
    return name in other and json.dumps(one[name], sort_keys=True) == json.dumps(other[name], sort_keys=True)


def _boxcarred(contents: Sequence[dict[str, Any]], semantic: str) -> bytes:
    """Section 7.1; what all have in common is said once (section 7.1.1)."""
    first, *others = contents
    common = [name for name in _MEMBERS if name in first and all(_same(name, first, each) for each in others)]
    shared = {name: first[name] for name in common}
    evaluations = [{name: value for name, value in each.items() if name not in shared} for each in contents]
    document = {**shared, "evaluations": evaluations, "options": {"evaluations_semantic": semantic}}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
