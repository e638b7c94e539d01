"""`assertion`: the backend gets who calls in a signed form, `X-Hotgate-Assertion`, meant for it alone.

    assertion: {claims: [email], lifetime: 60s}

A backend that checks it refuses whoever comes around the gateway. Nothing is sent of a caller whom nobody has
authenticated, and a client's own field of that name is removed like every `X-Auth-*`.
"""

import time
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from hotgate.config.settings import Form, Settings
from hotgate.config.units import DurationBetween
from hotgate.http.response import Response
from hotgate.identity.assertion import AssertionSigner, AssertionTerms, SigningImpossible
from hotgate.keys.key_ring import RingHolder
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import CompileContext, PhasedStep, PolicySpec
from hotgate.pipeline.route import Outcome, Step

_Text = Annotated[str, Form(r"[^\x00-\x1f\x7f]{1,1024}", "use text of 1 to 1,024 characters")]


class AssertionSettings(Settings):
    """Tell the backend who calls in a form that the gateway signs (JWT), in `X-Hotgate-Assertion`."""

    audience: _Text | None = Field(
        default=None,
        description="`aud`: for whom it is meant, and who alone may accept it. Not set: the upstream's name.",
    )
    claims: Annotated[tuple[_Text, ...], Field(max_length=32)] = Field(
        default=(),
        description="Claims of the caller's token that it holds under `claims`, also as dotted paths; what a caller"
        " does not have is left out.",
    )
    lifetime: Annotated[float, DurationBetween("10s", "5m")] = Field(
        default=60.0,
        description="How long it is good for, at most as long as the caller's credential. It is used for half of that"
        " time. Google's Identity-Aware Proxy: 10 minutes.",
    )


def _compile(settings: AssertionSettings, context: CompileContext) -> Sequence[PhasedStep]:
    if not context.upstream_name:
        return []  # inherited by a route that no backend answers
    terms = AssertionTerms(
        issuer=context.services.get("assertion_issuer", ""),
        audience=settings.audience or context.upstream_name,
        claims=settings.claims,
        lifetime=settings.lifetime,
    )
    signing = context.services.get("signing", RingHolder())
    signer = AssertionSigner(terms, signing, context.services.get("wall_clock", time.time))
    return [PhasedStep(Phase.SHAPE, _step(signer))]


def _step(signer: AssertionSigner) -> Step:
    def assert_identity(exchange: Exchange) -> Outcome:
        principal = exchange.principal
        if principal is None:
            return None
        try:
            exchange.request.headers.fields.append(signer.field_for(principal))
        except SigningImpossible:
            return Response.problem(503, code="assertion-unavailable", log_detail="the worker has no signing key")
        return None

    return assert_identity


POLICY = PolicySpec("assertion", AssertionSettings, _compile)
