"""Open Policy Agent: `POST /v1/data/…` with an input document (openpolicyagent.org/docs/rest-api, "Data API")."""

from collections.abc import Mapping, Sequence

from hotgate.config.decision_points import opa as settings_of
from hotgate.policies.conditions.attribute import Attribute
from hotgate.policies.decision_points.contract import NoDecision, Question, RouteQuestion, Verdict
from hotgate.policies.decision_points.field_changes import FieldChanges
from hotgate.policies.decision_points.json_answer import boolean, json_object, text_of
from hotgate.policies.decision_points.json_verdict import NO_REASON, json_verdict
from hotgate.policies.decision_points.question import QuestionCompiler
from hotgate.upstream.side_call import SideAnswer, SideRequest

_BESIDE_RESULT = frozenset({"result", "decision_id", "metrics", "provenance", "explanation", "warning"})
_OF_RESULT = frozenset({"allow", "reason", "headers", "response_headers", "obligations"})
_FIELDS = ((b"content-type", b"application/json"), (b"accept", b"application/json"))


class OpaKind:
    """OPA has no call for several questions, so each is a call of its own."""

    most_at_once = 1

    def __init__(self, settings: settings_of.Opa) -> None:
        self._path = settings.path.encode("ascii")
        self._changes = FieldChanges.listed(settings.headers_to_upstream, settings.headers_to_client)

    def compile(self, ask: settings_of.OpaQuestion, attributes: Mapping[str, Attribute]) -> RouteQuestion:
        """What policies see as `input`."""
        compiler = QuestionCompiler(attributes)
        return compiler.finished(compiler.members(ask.input, "input"))

    def request(self, questions: Sequence[Question], request_id: str) -> SideRequest:
        """The input is the whole body but for its name."""
        return SideRequest("POST", self._path, _FIELDS, b'{"input":%b}' % questions[0].encoded)

    def verdicts(self, answer: SideAnswer, questions: Sequence[Question]) -> list[Verdict]:
        """A document that is not defined for this input comes without `result`: nothing allows it."""
        found = json_object(answer)
        if unknown := found.keys() - _BESIDE_RESULT:
            raise NoDecision(f"the answer has a member {min(unknown)[:64]!r}, which OPA does not know")
        if "result" not in found:
            return [Verdict(False, "the document is not defined for this input")]
        result = found["result"]
        if isinstance(result, bool):
            return [Verdict(result, "" if result else NO_REASON)]
        if not isinstance(result, dict):
            raise NoDecision("`result` is neither a boolean nor an object")
        if unknown := result.keys() - _OF_RESULT:
            raise NoDecision(f"`result` has an unknown member {min(unknown)[:64]!r}")
        allowed = boolean(result, "allow")
        return [json_verdict(result, self._changes, allowed=allowed, reason=text_of(result.get("reason")))]
