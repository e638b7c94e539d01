"""`/api/v1/explain`: what would become of a request, and why; and tickets for explained answers of the gateway itself.

The question and the answer are the same for the command, for its socket, and for tables of `hotgate test`.
"""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import BaseModel, Field, JsonValue, StringConstraints, field_validator

from hotgate.config.timestamp import Timestamp
from hotgate.control.api.endpoint import Answer, Call, Endpoint
from hotgate.control.api.fields import Names, ShownTime, time_of
from hotgate.control.api.input import Input, Nothing
from hotgate.control.gateway_state import ExplainBusy
from hotgate.control.problem import Problem
from hotgate.http.forwarded import UNIX_PEER

MAX_BODY = 512 * 1024

_METHOD = Annotated[str, StringConstraints(pattern="^[A-Z]{1,32}$")]
_Text = Annotated[str, StringConstraints(max_length=1024)]
_field_name = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}").fullmatch  # RFC 9110 §5.6.2
_field_value = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,65536}").fullmatch
_target = re.compile(r"[!-~]{1,16384}").fullmatch


class GivenPrincipal(Input):
    """A caller as if an entry of `identity` had recognised it; no credential is needed."""

    subject: Annotated[str, StringConstraints(min_length=1, max_length=1024)]
    provider: _Text = Field(default="", description="The entry of `identity`. Default: the first of the route.")
    mechanism: _Text = Field(default="", description="Its kind. Default: that of the entry.")
    scopes: Names = ()
    roles: Names = ()
    groups: Names = ()
    tier: _Text | None = None
    tenant: _Text | None = None
    client: _Text | None = Field(default=None, description="The application that calls for the caller.")
    credential: _Text | None = Field(default=None, description="The public name of the proof.")
    claims: dict[str, JsonValue] = Field(default={}, max_length=256)


class Question(Input):
    """A request that is described, not sent. Nothing is consumed by asking, and no backend is asked."""

    method: _METHOD = "GET"
    target: str = Field(description="Path and query, as `/orders/7?full=1`, or an absolute URL.")
    host: _Text = Field(default="", description="The Host field. Default: that of an absolute target, or localhost.")
    scheme: Literal["http", "https"] = "https"
    headers: dict[str, str | tuple[str, ...]] = Field(default={}, max_length=256)
    client: str = Field(default="127.0.0.1", max_length=64, description="The caller's address, behind trusted proxies.")
    body: str | None = Field(default=None, max_length=MAX_BODY)
    certificate: str | None = Field(
        default=None, max_length=65536, description="Of the client, in PEM; taken as one that the listener accepted."
    )
    at: Timestamp | None = Field(default=None, description="When it is sent. Default: now.")
    principal: GivenPrincipal | None = Field(default=None, description="Who calls, instead of what credentials prove.")

    @field_validator("target")
    @classmethod
    def _is_a_target(cls, target: str) -> str:
        if not _target(target):
            raise ValueError("a target is visible ASCII, at most 16,384 characters; encode others as %XX")
        if not target.startswith(("/", "*", "http://", "https://")):
            raise ValueError("a target is a path that begins with /, or a whole URL")
        return target

    @field_validator("host")
    @classmethod
    def _is_one_word(cls, text: str) -> str:
        if text and not re.fullmatch(r"[!-~]+", text):
            raise ValueError("must be visible ASCII")
        return text

    @field_validator("client")
    @classmethod
    def _is_an_address(cls, text: str) -> str:
        """What stands in a log is one too: of a Unix socket's client, or of one that had gone."""
        if text not in ("", UNIX_PEER):
            try:
                ip_address(text)
            except ValueError:
                raise ValueError("must be an IP address") from None
        return text

    @field_validator("headers")
    @classmethod
    def _are_fields(cls, headers: Mapping[str, str | tuple[str, ...]]) -> Mapping[str, str | tuple[str, ...]]:
        for name, values in headers.items():
            given = (values,) if isinstance(values, str) else values
            if not _field_name(name) or not all(map(_field_value, given)):
                raise ValueError("a header has a name that is a token, and values without control characters")
        return headers


class ExplainedRule(BaseModel):
    """What decided. path: of its key in the configuration. at: file and line. attributes: what it looked at."""

    policy: str
    rule: str = Field(description="Its name for people; empty if the policy has only one.")
    path: str
    at: str = Field(description="`file:line`.")
    allowed: bool
    reason: str
    attributes: dict[str, JsonValue] = Field(description="What may be secret or personal is `[masked]`.")


class ExplainedLimit(BaseModel):
    """A limit, as full as it is; nothing was taken from it."""

    name: str
    key: str = Field(description="Whose it is.")
    quota: int
    window: int = Field(description="Seconds.")
    remaining: int = Field(description="What would be left after this request.")
    allowed: bool
    retry_after: int = Field(description="Seconds.")
    known: bool = Field(description="False: nobody could be asked, and it is shown as untouched.")
    lent: int = Field(default=0, description="Of what is left, what workers hold: each can spend only its own.")


class ExplainedStep(BaseModel):
    """One step of the route, in the order in which they run."""

    phase: str
    policy: str
    path: str
    at: str
    outcome: Literal["passed", "refused", "answered", "failed", "skipped"]
    status: int | None = None
    code: str = ""
    reason: str = Field(default="", description="For operators; the client is told less.")
    rule: ExplainedRule | None = None
    limits: list[ExplainedLimit] = []
    notes: list[str] = []


class Explained(BaseModel):
    """What would become of the request."""

    decision: Literal["allow", "deny"]
    status: int | None = Field(description="Of the gateway's own answer; null: the backend would answer.")
    code: str = Field(description="The problem code of the gateway's own answer.")
    reason: str
    by: ExplainedRule | None = Field(description="What decided; null if nothing had to.")
    route: str = Field(description="Empty: none matched.")
    route_at: str
    near: list[str] = Field(description="If none matched: which were near, and what they ask for.")
    method: str
    host: str
    path: str = Field(description="Canonical, as the route table has seen it.")
    parameters: dict[str, str]
    principal: dict[str, JsonValue] | None
    steps: list[ExplainedStep]
    upstream: str = Field(description="Who would be asked; empty: nobody.")
    upstream_path: str = Field(description="The path that it would be asked for.")
    live: bool = Field(description="Whether keys, limits and stores of a running gateway were looked at.")
    milliseconds: float


class Ticket(BaseModel):
    """Send it as `Hotgate-Explain` with a request, and the answer says in a field of that name what decided."""

    ticket: str
    expires: ShownTime | None


async def explain(call: Call, question: Question) -> Answer:
    """Nothing is consumed and nobody is asked but what says who is calling."""
    try:
        explained = await call.state.explain(question)
        return Answer(200, explained, subject=f"{explained.method} {explained.path}")
    except ValueError as error:
        raise Problem(422, "question-invalid", f"{str(error)[:200]}.") from None
    except (ExplainBusy, TimeoutError):
        raise Problem(503, "explain-busy", "Too many questions wait, or somebody is slow who was asked.") from None


async def make_ticket(call: Call, _: Nothing) -> Answer:
    """For ten minutes, on every worker."""
    made = call.state.explain_ticket()
    if made is None:
        raise Problem(409, "explain-off", "Answers are explained only where the configuration says `admin: explain`.")
    ticket, ends = made
    return Answer(201, Ticket(ticket=ticket, expires=time_of(ends)), headers={"cache-control": "no-store"})


ENDPOINTS = (
    Endpoint(
        "explain",
        "POST",
        "/v1/explain",
        "What would become of a request, and which rule decides; nothing is consumed and no backend is asked.",
        explain,
        {200: Explained},
        Question,
        problems={422: ("question-invalid",), 503: ("explain-busy",)},
        needs_store=False,
    ),
    Endpoint(
        "create-explain-ticket",
        "POST",
        "/v1/explain-tickets",
        "A ticket, good for ten minutes, with which answers of the gateway say what decided.",
        make_ticket,
        {201: Ticket},
        problems={409: ("explain-off",)},
        needs_store=False,
    ),
)
