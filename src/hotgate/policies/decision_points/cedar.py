"""Cedar in the worker itself: no network, no waiting, and no answer that could be a lie.

A decision is some 25 µs with a few policies. It grows by 0.6 µs for each policy, by 1 µs for each of the `entities`
where the question brings attributes or parents (they are joined with a copy of those), and by some 2 µs for each item
of a list in the question. The bounds here keep it at a few ms, for which nothing else happens in the worker. Memory:
5 MiB for the library, 9 MiB for 1,000 policies, 23 MiB for 10,000 entities.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hotgate.config.decision_points import cedar as settings_of
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import WrongSetting, WrongSettings
from hotgate.policies.conditions.attribute import Attribute
from hotgate.policies.conditions.condition import ConditionFailed
from hotgate.policies.decision_points.cedar_files import CedarFiles
from hotgate.policies.decision_points.contract import Askable, Outcome, Question, RouteQuestion, Verdict
from hotgate.policies.decision_points.question import Node, QuestionCompiler, constant, members

MOST_JOINED = 1_000  # entities that a question's own may be joined with
MOST_ASKED = 16 * 1024  # bytes of a question as JSON; a set of 100,000 numbers would take more than a second
_MAX_REASON = 300

_policy = re.compile(r"error while evaluating policy `[^`]*`")
_values = re.compile(r"""[`'"].*[`'"]""", re.DOTALL)


class CedarPoint:
    """Raises WrongSettings for files that cannot be used, with paths below `cedar`."""

    key: Sequence[str] = ()
    to_upstream: Sequence[str] = ()
    body_limit = 0

    def __init__(self, name: str, settings: settings_of.Cedar) -> None:
        self.name = name
        self.ask = settings.ask
        self._files = CedarFiles(settings)

    def compile(self, ask: settings_of.CedarQuestion, attributes: Mapping[str, Attribute]) -> RouteQuestion:
        """What a route asks."""
        brought = [each for each in (ask.principal, ask.resource) if each.attributes or each.parents]
        if brought and len(self._files.entities) > MOST_JOINED:
            says = f"with `attributes` or `parents` in the question, `entities` may hold at most {MOST_JOINED:,}"
            raise WrongSettings([WrongSetting((), says)])
        compiler = QuestionCompiler(attributes)
        nodes = {
            "principal": _entity(compiler, ask.principal, "principal"),
            "action": members({"type": constant(ask.action.type), "id": compiler.text(ask.action.id, "action", "id")}),
            "resource": _entity(compiler, ask.resource, "resource"),
            "context": compiler.members(ask.context, "context"),
        }
        return compiler.finished(members(nodes))

    def decide(self, exchange: Exchange, askable: Sequence[Askable]) -> Sequence[Outcome]:
        """At once."""
        return [self._verdict(each.asked().question) for each in askable]

    def _verdict(self, question: Question) -> Verdict:
        """An error in any policy denies. Cedar itself passes over such a policy, and it may be the one that forbids."""
        if len(question.encoded) > MOST_ASKED:
            return Verdict(False, f"the question is larger than {MOST_ASKED:,} bytes")
        content = question.content
        entities = [_described(content[name]) for name in ("principal", "resource") if len(content[name]) > 2]
        request = {name: _uid(content[name]) for name in ("principal", "action", "resource")}
        try:
            found = self._files.decided({**request, "context": content["context"]}, entities)
        except (ValueError, TypeError) as error:
            return Verdict(False, f"the question does not fit: {_without_values(str(error))}"[:_MAX_REASON])
        if errors := found.diagnostics.errors:
            return Verdict(False, "; ".join(map(_without_values, errors))[:_MAX_REASON])
        names = found.diagnostics.id_annotations_by_reason
        reasons = ", ".join(names.get(each) or each for each in found.diagnostics.reasons)
        return Verdict(found.allowed, (reasons or "no policy permits it")[:_MAX_REASON])


def _without_values(message: str) -> str:
    """The library's messages repeat values, which may be secret; those of extension functions without any quotes."""
    said = message.partition(" extension function")[0]
    found = _policy.match(said)
    name = "" if found is None else found[0]
    return name + _values.sub("…", said[len(name) :])


def _entity(compiler: QuestionCompiler, ask: settings_of.CedarEntity, name: str) -> Node:
    """Type and id, and what makes an entity of its own of it."""
    nodes = {"type": constant(ask.type), "id": compiler.text(ask.id, name, "id")}
    if ask.attributes or ask.parents:
        nodes["attrs"] = compiler.members(ask.attributes, name, "attributes")
        parents = {kind: compiler.value(source, name, "parents", kind) for kind, source in ask.parents.items()}
        nodes["parents"] = _parents(parents)
    return members(nodes)


def _parents(nodes: Mapping[str, Node]) -> Node:
    """One reference for each id."""

    def made(exchange: Exchange) -> list[dict[str, str]]:
        references = []
        for kind, node in nodes.items():
            found = node(exchange)
            if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
                raise ConditionFailed(f"the parents of type {kind} are no list of texts")
            references += [{"type": kind, "id": each} for each in found]
        return references

    return made


def _uid(entity: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": entity["type"], "id": entity["id"]}


def _described(entity: Mapping[str, Any]) -> dict[str, Any]:
    return {"uid": _uid(entity), "attrs": entity["attrs"], "parents": entity["parents"]}
