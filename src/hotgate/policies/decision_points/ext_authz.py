"""External authorization over HTTP, as Envoy's `ext_authz` filter does it: a service gets the head of the request.

Its 2xx lets the request pass; any other answer but 5xx is what the client gets. 5xx is no decision, as in Envoy.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from hotgate.config.decision_points import ext_authz as settings_of
from hotgate.http.headers import Field, Headers, InvalidHeader, valid_field
from hotgate.http.response import Response
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.conditions.attribute import Attribute
from hotgate.policies.decision_points.contract import OUTAGES, NoDecision, Question, RouteQuestion, Verdict
from hotgate.upstream.side_call import SideAnswer, SideRequest

_WITHOUT_BODY = (204, 304)


class ExtAuthzKind:
    """The question is the request: method, path, query, chosen fields, who calls from where, and a body if wanted."""

    most_at_once = 1

    def __init__(self, settings: settings_of.ExtAuthz) -> None:
        self._prefix = (settings.path_prefix or "").encode("ascii")
        self._sends_body = settings.body is not None
        names = {name.lower().encode("ascii") for name in settings.allowed_headers}
        self._sent = frozenset(names | ({b"content-type"} if self._sends_body else set()))
        self._to_upstream = _names(settings.headers_to_upstream)
        self._to_client = _names(settings.headers_to_client)
        self._to_client_on_success = _names(settings.headers_to_client_on_success)

    def compile(self, ask: settings_of.ExtAuthzQuestion, attributes: Mapping[str, Attribute]) -> RouteQuestion:
        """The same for every route."""
        return RouteQuestion(self._question, {})

    def request(self, questions: Sequence[Question], request_id: str) -> SideRequest:
        """The question itself."""
        request: SideRequest = questions[0].content
        return request

    def verdicts(self, answer: SideAnswer, questions: Sequence[Question]) -> list[Verdict]:
        """Fields that the file does not list stay here."""
        if answer.status >= 500:
            raise NoDecision(f"status {answer.status}", is_outage=answer.status in OUTAGES)
        if 200 <= answer.status < 300:
            upstream = _picked(answer.fields, self._to_upstream)
            return [Verdict(True, "", "", upstream, _picked(answer.fields, self._to_client_on_success))]
        if any(name == b"content-encoding" for name, _ in answer.fields):
            raise NoDecision("its answer for the client is compressed, though nobody asked for that")
        body = b"" if answer.status in _WITHOUT_BODY else answer.body
        response = Response(answer.status, Headers(_picked(answer.fields, self._to_client)), body)
        return [Verdict(False, f"the service answers {answer.status}", answer=response)]

    def _question(self, exchange: Exchange) -> Question:
        request = exchange.request
        principal = exchange.principal
        fields = [
            *(field for field in request.headers.fields if field[0] in self._sent),
            *(() if principal is None else principal.backend_fields),
            (b"x-forwarded-for", exchange.client.encode("ascii")),
            (b"x-forwarded-proto", request.scheme.encode("ascii")),
            (b"x-forwarded-host", request.authority or request.host.encode("ascii")),
        ]
        body = (request.body or b"") if self._sends_body else b""
        sent = SideRequest(request.method, self._prefix + request.target, fields, body)
        # No line end is in any of them, so they cannot be confused; of a body, which may be long, a digest does.
        lines = [b"%b: %b" % field for field in fields]
        head = (request.method.encode("ascii"), sent.target, *lines, b"")
        return Question(sent, b"\n".join((*head, sha256(body).digest())))


def _names(listed: Iterable[str]) -> frozenset[bytes]:
    return frozenset(name.encode("ascii") for name in listed)


def _picked(fields: Iterable[Field], names: frozenset[bytes]) -> tuple[Field, ...]:
    try:
        return tuple(valid_field(*field) for field in fields if field[0] in names)
    except InvalidHeader as error:
        raise NoDecision(str(error)) from None
