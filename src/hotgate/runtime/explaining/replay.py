"""`hotgate diff --replay`: which recorded requests another configuration would decide about otherwise.

Both configurations are asked about each request, knowing the same: what the log has. Header fields, query, body and
claims it has not, and an access log has no scopes, roles and groups either. So the old configuration is compared with
what was recorded, too: where it does not come to that again, something decided that the log does not know.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

from hotgate.control.api.explain import Explained, Question
from hotgate.runtime.explaining.explainer import Explainer
from hotgate.runtime.explaining.recorded import Record

MAX_KNOWN = 50_000  # requests whose outcomes are remembered, by their digests: targets may be long
MAX_GROUPS = 1000  # different changes that are told of; further ones are only counted
MAX_EXAMPLES = 3

_PASSING = frozenset({408, 413, 429, 499, 502, 503, 504})  # of a moment, not of a rule


class Outcome(NamedTuple):
    """What a configuration decides; what is compared."""

    route: str
    decision: str
    code: str
    policy: str
    rule: str
    upstream: str

    @classmethod
    def of(cls, explained: Explained) -> "Outcome":
        """Of one request. By which rule it is allowed is not compared: another that allows it changes nothing."""
        by = explained.by if explained.decision == "deny" else None
        return cls(
            explained.route,
            explained.decision,
            explained.code or ("" if explained.status is None else str(explained.status)),
            "" if by is None else by.policy,
            "" if by is None else by.rule,
            explained.upstream,
        )


@dataclass(slots=True)
class Change:
    """Requests about which the two differ in the same way. at: of the rule that decides now. is_certain: with the old
    one, each came to what was recorded."""

    old: Outcome
    new: Outcome
    at: str
    is_certain: bool
    count: int = 0
    examples: list[str] = field(default_factory=list)


class _Pair(NamedTuple):
    old: Outcome
    new: Outcome
    at: str


@dataclass(slots=True)
class Comparison:
    """Call `compare` for each record. replayed: requests; unlike: those with which the old configuration does not come
    to what was recorded; uncounted: changes beyond those that are told of."""

    old: Explainer
    new: Explainer
    replayed: int = 0
    changed: int = 0
    unlike: int = 0
    unreadable: int = 0
    uncounted: int = 0
    changes: dict[tuple[Outcome, Outcome, bool], Change] = field(default_factory=dict)
    _known: OrderedDict[bytes, _Pair] = field(default_factory=OrderedDict)

    async def compare(self, record: Record) -> None:
        """Decide about one request twice."""
        try:
            pair = await self._decided(record.question)
        except ValueError:
            self.unreadable += 1
            return
        self.replayed += 1
        is_certain = _is_as_recorded(pair.old, record)
        self.unlike += not is_certain
        if pair.old != pair.new:
            self.changed += 1
            self._note(pair, record, is_certain=is_certain)

    async def _decided(self, question: Question) -> _Pair:
        key = blake2b(question.model_dump_json(exclude_unset=True).encode(), digest_size=16).digest()
        known = self._known.get(key)
        if known is None:
            old, new = await self.old.explain(question), await self.new.explain(question)
            at = new.route_at if new.by is None else new.by.at
            known = self._known[key] = _Pair(Outcome.of(old), Outcome.of(new), at)
            if len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        return known

    def _note(self, pair: _Pair, record: Record, *, is_certain: bool) -> None:
        key = (pair.old, pair.new, is_certain)
        change = self.changes.get(key)
        if change is None:
            if len(self.changes) >= MAX_GROUPS:
                self.uncounted += 1
                return
            change = self.changes[key] = Change(pair.old, pair.new, pair.at, is_certain)
        change.count += 1
        if len(change.examples) < MAX_EXAMPLES:
            change.examples.append(_example(record.question))


def _is_as_recorded(outcome: Outcome, record: Record) -> bool:
    """Refusals of a moment (a limit, a backend that is down) are nothing that a configuration would come to again."""
    if record.status in _PASSING:
        return True
    return (outcome.decision == "deny") is record.was_refused


def _example(question: Question) -> str:
    who = "" if question.principal is None else f" by {question.principal.subject} of {question.principal.provider}"
    return f"{question.method} {question.host}{question.target}{who}"[:300]
