"""`headers`: sets, adds and removes header fields of the request that the backend gets and of the answer.

    headers:
      request: {set: {X-User: "{claims.email}", X-Tier: gold}, remove: [X-Debug]}
      response: {set: {Strict-Transport-Security: "max-age=31536000"}, remove: [Server]}

`set` first removes what the client sent under this name, in every spelling that a backend may take for the same, and
does so even when there is no value to set: a forged copy never takes the place of a missing claim.
"""

from collections.abc import Mapping, Sequence

from pydantic import Field, field_validator, model_validator

from hotgate.config.notation import refused
from hotgate.config.settings import HeaderName, Settings
from hotgate.http.bounded_cache import BoundedCache
from hotgate.http.headers import Headers
from hotgate.http.hop_by_hop import HOP_BY_HOP
from hotgate.http.reserved import spelling
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import CompileContext, PhasedStep, PolicySpec
from hotgate.pipeline.route import Step
from hotgate.policies.header_template import Template, TemplateError, compiled

# Changing one of these would change the framing, the connection or the route (RFC 9110 §7.6.1, RFC 9112 §6).
_FRAMING = frozenset(name.decode() for name in HOP_BY_HOP) | {"host", "content-length", "expect"}
# The gateway writes these after every policy; a second copy would leave the backend to choose.
_GATEWAYS_OWN = frozenset(
    {"forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-request-id", "traceparent"}
)


class HeaderEdits(Settings):
    """What happens to the fields of one message. A name may be given once."""

    set: dict[HeaderName, str] = Field(
        default={}, max_length=64, description="Fields to replace: name and value, which may hold {placeholders}."
    )
    add: dict[HeaderName, str] = Field(
        default={}, max_length=64, description="Fields to send in addition to those that are there."
    )
    remove: tuple[HeaderName, ...] = Field(default=(), max_length=64, description="Names of fields to remove.")

    @field_validator("set", "add")
    @classmethod
    def _templates_compile(cls, values: Mapping[str, str]) -> Mapping[str, str]:
        for name, text in values.items():
            try:
                compiled(text)
            except TemplateError as error:
                raise refused(f"{name}: {error}") from None
        return values

    @model_validator(mode="after")
    def _names_are_free(self) -> "HeaderEdits":
        spellings = [spelling(name.encode()) for name in (*self.set, *self.add, *self.remove)]
        for name in (*self.set, *self.add, *self.remove):
            if spelling(name.encode()).decode() in _FRAMING:
                raise refused(f"{name} belongs to the connection or to routing; a policy cannot change it")
            if spellings.count(spelling(name.encode())) > 1:
                raise refused(f"{name} is named twice; case and punctuation make no difference")
        return self


class HeadersSettings(Settings):
    """Edits of the request before the backend gets it, and of the answer before the client does."""

    request: HeaderEdits = Field(default=HeaderEdits(), description="Edits of what the backend gets.")
    response: HeaderEdits = Field(default=HeaderEdits(), description="Edits of what the client gets.")

    @model_validator(mode="after")
    def _leave_the_gateways_own(self) -> "HeadersSettings":
        for name in (*self.request.set, *self.request.add, *self.request.remove):
            spelled = spelling(name.encode()).decode()
            if spelled in _GATEWAYS_OWN or spelled.startswith(("x-auth-", "x-hotgate-", "hotgate-")):
                raise refused(f"{name} is written by the gateway itself; a policy cannot change it")
        return self


def _compile(settings: HeadersSettings, context: CompileContext) -> Sequence[PhasedStep]:
    steps = []
    if settings.request != HeaderEdits():
        edits = settings.request
        owned = frozenset(spelling(name.encode()) for name in (*edits.set, *edits.add, *edits.remove))
        steps.append(PhasedStep(Phase.SHAPE, _request_step(_Edit(edits)), owned_fields=owned))
    if settings.response != HeaderEdits():
        steps.append(PhasedStep(Phase.RESPOND, _response_step(_Edit(settings.response))))
    return steps


def _request_step(edit: "_Edit") -> Step:
    def shape_request(exchange: Exchange) -> None:
        edit(exchange.request.headers, exchange)

    return shape_request


def _response_step(edit: "_Edit") -> Step:
    def shape_response(exchange: Exchange) -> None:
        if exchange.response is not None:
            edit(exchange.response.headers, exchange)

    return shape_response


class _Edit:
    """Edits compiled: one pass removes, then encoded constants and rendered values are appended."""

    __slots__ = ("_constants", "_is_removed", "_rendered")

    def __init__(self, edits: HeaderEdits) -> None:
        removed = frozenset(spelling(name.encode()) for name in (*edits.set, *edits.remove))
        # The answer for a name is computed once per spelling; names are the client's, so the memory is bounded.
        self._is_removed = BoundedCache(lambda name: spelling(name) in removed, max_entries=1024, max_key_bytes=64)
        self._constants: list[tuple[bytes, bytes]] = []
        self._rendered: list[tuple[bytes, Template]] = []
        for name, text in (*edits.set.items(), *edits.add.items()):
            value = compiled(text)
            if isinstance(value, bytes):
                self._constants.append((name.lower().encode(), value))
            else:
                self._rendered.append((name.lower().encode(), value))

    def __call__(self, headers: Headers, exchange: Exchange) -> None:
        is_removed = self._is_removed
        headers.fields = fields = [field for field in headers.fields if not is_removed[field[0]]]
        fields += self._constants
        for name, template in self._rendered:
            value = template(exchange)
            if value is not None:
                fields.append((name, value))


POLICY = PolicySpec("headers", HeadersSettings, _compile)
