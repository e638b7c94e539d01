"""What the parts of a decision are: the question, the verdict, and who gives one for the other."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import BaseModel

from hotgate.http.headers import Field
from hotgate.http.response import Response
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.conditions.attribute import Attribute, Read
from hotgate.upstream.side_call import SideAnswer, SideRequest

POINTS = "decision_points"  # the service: by name, those that could be compiled
COUNT = "count_decision"  # the service: called with a point's name and a result


@dataclass(frozen=True, slots=True)
class Question:
    """content: what its kind makes a request of. encoded: all of it; equal bytes are equal questions."""

    content: Any = field(repr=False)
    encoded: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RouteQuestion:
    """A question, compiled for one route. of: asks it of an exchange, or raises ConditionFailed.

    attributes: readers of what it looks at, by name. needs_body: whether one of them is the request's body.
    """

    of: Callable[[Exchange], Question]
    attributes: Mapping[str, Read]
    needs_body: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """key: of what is kept; requests with equal keys get one answer."""

    question: Question
    key: bytes


class Askable:
    """What may be asked about an exchange. key: as of Asked. make: makes the question, or raises ConditionFailed.

    What is kept under a declared key is found without the question, which takes several times as long.
    """

    __slots__ = ("_make", "key")

    def __init__(self, key: bytes, make: Callable[[], Question]) -> None:
        self.key = key
        self._make = make

    def asked(self) -> Asked:
        """With its question. Raises ConditionFailed."""
        return Asked(self._make(), self.key)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A clear answer. reason: for operators. said_to_client: for clients. answer: refuses in the gateway's place.

    to_upstream, to_client: valid fields with lower-case names, all of which the file lists. is_for_want: nobody has
    said it; it is what the file wants where nobody decides.
    """

    allowed: bool
    reason: str = ""
    said_to_client: str = ""
    to_upstream: tuple[Field, ...] = ()
    to_client: tuple[Field, ...] = ()
    answer: Response | None = None
    is_for_want: bool = False

    @property
    def is_personal(self) -> bool:
        """Whether it gives somebody a cookie, which nobody else must get: it may be a session."""
        return any(name == b"set-cookie" for name, _ in (*self.to_client, *self._fields_of_answer))

    @property
    def _fields_of_answer(self) -> Sequence[Field]:
        return () if self.answer is None else self.answer.headers.fields

    @property
    def size(self) -> int:
        """Bytes, about."""
        everything = (*self.to_upstream, *self.to_client, *self._fields_of_answer)
        fields = sum(len(name) + len(value) for name, value in everything)
        body = 0 if self.answer is None else len(self.answer.body or b"")
        return len(self.reason) + len(self.said_to_client) + fields + body


# Statuses of a service that is gone. Another 5xx may hang on what one caller asks: OPA answers 500 where its rules
# contradict each other for an input. Envoy: `consecutive_gateway_failure`.
OUTAGES = frozenset({502, 503, 504})


class NoDecision(Exception):
    """Nobody has said anything that counts. The text is for operators.

    is_outage: whether that is the service's fault whatever it is asked. Only then leaving it alone, and letting
    requests pass where the file wants that, is right: nonsense may be what one caller has brought about.
    retry_after: seconds, 0 if that is not known.
    """

    def __init__(self, reason: str, *, is_outage: bool = False, retry_after: int = 0) -> None:
        super().__init__(reason)
        self.is_outage = is_outage
        self.retry_after = retry_after


Outcome = Verdict | NoDecision


class QuestionMaker(Protocol):
    """Compiles what is asked."""

    def compile(self, ask: Any, attributes: Mapping[str, Attribute]) -> RouteQuestion:
        """ask: settings of its kind. Raises WrongSettings, with paths below `ask`."""


class Kind(QuestionMaker, Protocol):
    """How a service is asked, and how its answers are read. most_at_once: questions in one call."""

    @property
    def most_at_once(self) -> int: ...

    def request(self, questions: Sequence[Question], request_id: str) -> SideRequest:
        """What is sent; who sends it adds credentials and bounds."""

    def verdicts(self, answer: SideAnswer, questions: Sequence[Question]) -> list[Verdict]:
        """One for each, in order; fewer only behind a denial. Raises NoDecision."""


class DecisionPoint(QuestionMaker, Protocol):
    """One entry of `decision_points`, compiled. ask: what it asks by default. key: CEL of what answers depend on.

    to_upstream: fields that only it may set. body_limit: bytes of the request's body that it needs; 0: it does not.
    """

    @property
    def name(self) -> str: ...

    @property
    def ask(self) -> BaseModel: ...

    @property
    def key(self) -> Sequence[str]: ...

    @property
    def to_upstream(self) -> Sequence[str]: ...

    @property
    def body_limit(self) -> int: ...

    def decide(
        self, exchange: Exchange, askable: Sequence[Askable]
    ) -> Sequence[Outcome] | Awaitable[Sequence[Outcome]]:
        """One for each, in order; fewer only behind one that is no permission. Never raises for a bad answer; raises
        ConditionFailed, at once, for a question that cannot be made.
        """
