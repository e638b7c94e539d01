"""One request and its answer, and the facts that the phases establish about them."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from itertools import starmap
from typing import TYPE_CHECKING, Any, TypeVar

from hotgate.http.headers import Field, decode_fields, encode_fields, valid_field
from hotgate.http.hop_by_hop import ANSWER_FRAME
from hotgate.http.request import Request
from hotgate.http.response import Response
from hotgate.identity.certificates.client_certificate import PresentedCertificate
from hotgate.identity.principal import Principal

T = TypeVar("T")

SWITCHED = "exchange.switched"  # in `state`: the answer was 101, and the connection is a tunnel

if TYPE_CHECKING:
    from hotgate.limits.decision import LimitDecision
    from hotgate.pipeline.decision import Decision
    from hotgate.pipeline.route import Route


class Exchange:
    """What a policy is given.

    client: the caller's address as text, after trusted proxies. params: the path parameters, percent-decoded.
    certificate: what the client has proved to own in its TLS handshake, or None; `mtls` makes it a principal.
    principal: set by `authenticate`, None on a public route. decision: set by `authorize`, and by any later step that
    refuses. response: set before `respond`. answer_block: `answer_fields` for the wire.
    request_id: safe to log and to send. started: monotonic seconds. state: a place for policies to leave facts
    for their own later steps.
    """

    __slots__ = (
        "_limits",
        "_limits_later",
        "_now",
        "_state",
        "answer_block",
        "certificate",
        "client",
        "decision",
        "params",
        "principal",
        "request",
        "request_id",
        "response",
        "route",
        "started",
    )

    def __init__(
        self,
        request: Request,
        route: "Route",
        params: Mapping[str, str],
        client: str,
        request_id: str,
        started: float,
        now: datetime | None = None,
        certificate: PresentedCertificate | None = None,
    ) -> None:
        self.request = request
        self.route = route
        self.params = params
        self.client = client
        self.certificate = certificate
        self.request_id = request_id
        self.started = started
        self.principal: Principal | None = None
        self.decision: Decision | None = None
        self.response: Response | None = None
        self.answer_block = b""
        self._limits: tuple[LimitDecision, ...] = ()
        self._limits_later: tuple[tuple[Callable[[Any], list[LimitDecision]], Any], ...] = ()
        self._now = now
        self._state: dict[str, Any] | None = None

    @property
    def now(self) -> datetime:
        """The time of the request in UTC; the same for every policy that asks."""
        if self._now is None:
            self._now = datetime.now(UTC)
        return self._now

    @property
    def answer_fields(self) -> tuple[Field, ...]:
        """Header fields that the answer gets, whoever gives it; what frames it is left out. A step adds to them by
        `add_answer_fields`. Raises InvalidHeader when set to what cannot be sent.
        """
        return decode_fields(self.answer_block)

    @answer_fields.setter
    def answer_fields(self, fields: tuple[Field, ...]) -> None:
        self.answer_block = _encoded(fields)

    def add_answer_fields(self, *fields: Field) -> None:
        """Likewise."""
        self.answer_block += _encoded(fields)

    @property
    def limits(self) -> tuple["LimitDecision", ...]:
        """What each limit has decided, set by `limit`."""
        if self._limits_later:
            later, self._limits_later = self._limits_later, ()
            self._limits += tuple([each for decisions, made_of in later for each in decisions(made_of)])
        return self._limits

    @limits.setter
    def limits(self, decisions: tuple["LimitDecision", ...]) -> None:
        self._limits, self._limits_later = decisions, ()

    def add_limits(self, decisions: "Callable[[T], list[LimitDecision]]", made_of: T) -> None:
        """decisions: called with `made_of` if anybody asks for `limits`; of most requests nobody does."""
        self._limits_later += ((decisions, made_of),)

    @property
    def limit(self) -> "LimitDecision | None":
        """The limit that decided: the one that refused, or the one of which the smallest part is left."""
        return min(self.limits, key=lambda each: (each.allowed, each.remaining / each.quota), default=None)

    @property
    def state(self) -> dict[str, Any]:
        """Facts that a policy keeps between its steps. Prefix keys with the policy's name."""
        if self._state is None:
            self._state = {}
        return self._state


def _encoded(fields: Iterable[Field]) -> bytes:
    return encode_fields([field for field in starmap(valid_field, fields) if field[0] not in ANSWER_FRAME])
