"""What a body must be, as a signature has said before the body was there.

So nobody is waited for, and nothing is held in memory, whose signature is not good; and a request without a body waits
for nothing. The step stands at the end of `authenticate`: no policy sees a body that was not checked.
"""

from collections.abc import Callable, Iterable
from typing import Protocol, runtime_checkable

from hotgate.http.response import Response
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import Authenticator, PhasedStep

BodyCheck = Callable[[bytes], Response | None]

_STATE = "signatures.body"


@runtime_checkable
class SignsBody(Protocol):
    """An authenticator that may leave a check with `expect_body`. max_body: the largest body that it compares."""

    max_body: int


def expect_body(exchange: Exchange, check: BodyCheck) -> Response | None:
    """Check the body: now if it is there, as one that is empty is, or else as soon as it is."""
    body = exchange.request.body
    if body is not None:
        return check(body)
    exchange.state.setdefault(_STATE, []).append(check)  # several may have to come together
    return None


def check_body(exchange: Exchange) -> Response | None:
    """The step. Nothing is left to check for callers who have proved otherwise who they are."""
    checks: list[BodyCheck] = exchange.state.get(_STATE, [])
    body = exchange.request.body
    if checks and body is None:
        raise TypeError("the body of a signed request is not there")
    return next((refusal for check in checks if (refusal := check(body or b"")) is not None), None)


def body_steps(authenticators: Iterable[Authenticator]) -> list[PhasedStep]:
    """The step, if any of these needs it."""
    limits = [each.max_body for each in authenticators if isinstance(each, SignsBody)]
    return [PhasedStep(Phase.AUTHENTICATE, check_body, body_limit=min(limits))] if limits else []
