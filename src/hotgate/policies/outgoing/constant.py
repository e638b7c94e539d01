"""Credentials that never change: an API key, Basic, a bearer token. They are encoded once, when they are compiled."""

import re
from base64 import b64encode
from collections.abc import Sequence
from urllib.parse import quote, quote_plus, unquote_to_bytes

from hotgate.config.upstream_credentials import ApiKey, Basic, Bearer
from hotgate.http.headers import valid_field
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.outgoing import OutgoingContext
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import PhasedStep
from hotgate.pipeline.route import Step
from hotgate.policies.outgoing.own_fields import OwnFields


def api_key_steps(settings: ApiKey, context: OutgoingContext) -> Sequence[PhasedStep]:
    """The key in the field or parameter that the backend reads."""
    value = settings.value.reveal()
    if settings.query is not None:
        return _query_steps(settings.query, value)
    scheme = f"{settings.scheme} " if settings.scheme else ""
    return _field_steps((settings.header or "").encode("ascii"), (scheme + value).encode("utf-8"))


def basic_steps(settings: Basic, context: OutgoingContext) -> Sequence[PhasedStep]:
    """`Authorization: Basic …` in UTF-8 (RFC 7617 §2.1)."""
    pair = f"{settings.username}:{settings.password.reveal()}"
    return _field_steps(b"authorization", b"Basic " + b64encode(pair.encode("utf-8")))


def bearer_steps(settings: Bearer, context: OutgoingContext) -> Sequence[PhasedStep]:
    """`Authorization: Bearer …` (RFC 6750 §2.1)."""
    return _field_steps(b"authorization", b"Bearer " + settings.token.reveal().encode("ascii"))


def _field_steps(name: bytes, value: bytes) -> Sequence[PhasedStep]:
    own = OwnFields(name)
    fields = (valid_field(name, value),)

    def show(exchange: Exchange) -> None:
        own.set(exchange.request.headers, fields)

    return (PhasedStep(Phase.SHAPE, show, owned_fields=own.spellings),)


def _query_steps(name: str, value: str) -> Sequence[PhasedStep]:
    """The parameter stands last; a client's own of that name goes, in whatever spelling."""
    wanted = name.encode("ascii")
    parameter = f"{quote(name, safe='')}={quote(value, safe='')}".encode("ascii")

    def show(exchange: Exchange) -> None:
        request = exchange.request
        kept = (
            [part for part in request.query.split(b"&") if part and _name_of(part) != wanted] if request.query else []
        )
        request.query = b"&".join((*kept, parameter))

    return (PhasedStep(Phase.SHAPE, show), PhasedStep(Phase.RESPOND, _hiding(name, value)))


def _hiding(name: str, value: str) -> Step:
    """Backends redirect to `/orders/` with the query that they got: the value is taken out of fields of answers."""
    escaped = quote(value, safe="")
    spellings = sorted({value, escaped, quote(value), quote_plus(value), quote(escaped)}, key=len, reverse=True)
    either = "|".join(map(re.escape, spellings))
    finds = re.compile(f"({re.escape(name)}(?:=|%3D))(?:{either})".encode(), re.IGNORECASE)

    def hide(exchange: Exchange) -> None:
        response = exchange.response
        if response is not None and any(finds.search(said) for _, said in response.headers.fields):
            response.headers.fields = [(field, finds.sub(rb"\1", said)) for field, said in response.headers.fields]

    return hide


def _name_of(part: bytes) -> bytes:
    return unquote_to_bytes(part.partition(b"=")[0].replace(b"+", b" "))
