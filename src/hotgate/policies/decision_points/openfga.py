"""OpenFGA: `check` and `batch-check` of one store (openfga.dev/api/service, "Relationship Queries")."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from hotgate.config.decision_points import openfga as settings_of
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import WrongSetting, WrongSettings
from hotgate.policies.conditions.attribute import Attribute
from hotgate.policies.conditions.condition import ConditionFailed
from hotgate.policies.decision_points.contract import NoDecision, Question, RouteQuestion, Verdict
from hotgate.policies.decision_points.json_answer import boolean, json_object
from hotgate.policies.decision_points.json_verdict import NO_REASON
from hotgate.policies.decision_points.question import Node, QuestionCompiler, items, members
from hotgate.upstream.side_call import SideAnswer, SideRequest

_FIELDS = ((b"content-type", b"application/json"), (b"accept", b"application/json"))
# `user:x#member` is everybody in a group, and `user:*` is everybody: a name must not become one of these.
_MEANS_MORE = re.compile(r"[:#@*\s]")


class OpenFgaKind:
    """One question is a check, several are a batch."""

    most_at_once = 50  # OPENFGA_MAX_CHECKS_PER_BATCH_CHECK

    def __init__(self, settings: settings_of.OpenFga) -> None:
        self._store = b"/stores/%b/" % settings.store.encode("ascii")
        self._options = {"consistency": settings.consistency.upper()}
        if settings.authorization_model_id is not None:
            self._options["authorization_model_id"] = settings.authorization_model_id

    def compile(self, ask: settings_of.OpenFgaQuestion, attributes: Mapping[str, Attribute]) -> RouteQuestion:
        """A tuple key, with the relationships and the context that go with it."""
        if ask.relation is None or ask.object is None:
            missing = "relation" if ask.relation is None else "object"
            raise WrongSettings([WrongSetting((), f"the question has no `{missing}`")])
        compiler = QuestionCompiler(attributes)
        nodes = {"tuple_key": _tuple(compiler, ask.user, ask.relation, ask.object)}
        if ask.contextual_tuples:
            tuples = [
                _tuple(compiler, each.user, each.relation, each.object, "contextual_tuples", index)
                for index, each in enumerate(ask.contextual_tuples)
            ]
            nodes["contextual_tuples"] = members({"tuple_keys": items(tuples)})
        if ask.context:
            nodes["context"] = compiler.members(ask.context, "context")
        return compiler.finished(members(nodes))

    def request(self, questions: Sequence[Question], request_id: str) -> SideRequest:
        """In a batch, the place of each is its correlation id."""
        if len(questions) == 1:
            return self._sent(b"check", {**questions[0].content, **self._options})
        checks = [{**question.content, "correlation_id": str(place)} for place, question in enumerate(questions)]
        return self._sent(b"batch-check", {"checks": checks, **self._options})

    def verdicts(self, answer: SideAnswer, questions: Sequence[Question]) -> list[Verdict]:
        """A check without `allowed`, or with an error, is none; a batch has exactly those that were asked."""
        found = json_object(answer)
        if len(questions) == 1:
            return [_verdict(found)]
        results = found.get("result")
        places = [str(place) for place in range(len(questions))]
        if not isinstance(results, dict) or results.keys() != set(places):
            raise NoDecision("`result` has not exactly the checks that were asked for")
        return [_verdict(results[place]) for place in places]

    def _sent(self, call: bytes, document: Mapping[str, Any]) -> SideRequest:
        body = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
        return SideRequest("POST", self._store + call, _FIELDS, body)


def _verdict(result: Any) -> Verdict:
    if isinstance(result, dict) and "error" in result:
        raise NoDecision("OpenFGA could not check it")
    allowed = boolean(result, "allowed")
    return Verdict(allowed, "" if allowed else NO_REASON)


def _tuple(
    compiler: QuestionCompiler,
    user: settings_of.Named,
    relation: str,
    object_: settings_of.Named,
    *path: str | int,
) -> Node:
    return members(
        {
            "user": _named(compiler, user, *path, "user", "id"),
            "relation": compiler.text(relation, *path, "relation"),
            "object": _named(compiler, object_, *path, "object", "id"),
        }
    )


def _named(compiler: QuestionCompiler, named: settings_of.Named, *path: str | int) -> Node:
    identifier = compiler.text(named.id, *path)

    def name(exchange: Exchange) -> str:
        found = identifier(exchange)
        if _MEANS_MORE.search(found):
            raise ConditionFailed(f"{'.'.join(map(str, path))} holds what OpenFGA reads as more than an id")
        return f"{named.type}:{found}"

    return name
