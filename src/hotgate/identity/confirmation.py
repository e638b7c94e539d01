"""What a credential demands of whoever sends it, on every request anew, besides being good (RFC 7800).

It may be bound to the certificate of a connection or to a key that signs each request, and it may be for one use.
"""

from collections.abc import Awaitable, Iterable
from enum import IntEnum
from typing import Any, Protocol

from hotgate.http.response import Response

Refusal = Response | None  # None: confirmed


class Stage(IntEnum):
    """The order of demands: what costs nothing first; what can be met only once last, when nothing else is missing.

    Whoever could have something used up without meeting the rest could take it from its owner.
    """

    CONNECTION = 0
    PROOF = 1
    USE = 2


class Confirmation(Protocol):
    """One demand. It is asked once per request, and not at all if one of an earlier stage was not met."""

    @property
    def stage(self) -> Stage: ...

    def refusal(self, exchange: Any) -> Refusal | Awaitable[Refusal]:
        """None if the request meets it, else the answer; or an awaitable of these."""
        ...


def in_order(confirmations: Iterable[Confirmation]) -> tuple[Confirmation, ...]:
    """The demands of one or several credentials, as `unconfirmed` wants them."""
    return tuple(sorted(confirmations, key=lambda each: each.stage))


def unconfirmed(confirmations: tuple[Confirmation, ...], exchange: Any) -> Refusal | Awaitable[Refusal]:
    """The refusal of the first demand that a request does not meet; None if it meets all; or an awaitable of these."""
    for index, confirmation in enumerate(confirmations):
        refusal = confirmation.refusal(exchange)
        if isinstance(refusal, Response):
            return refusal
        if refusal is not None:
            return _unconfirmed_later(refusal, confirmations[index + 1 :], exchange)
    return None


async def _unconfirmed_later(pending: Awaitable[Refusal], rest: tuple[Confirmation, ...], exchange: Any) -> Refusal:
    refusal = await pending or unconfirmed(rest, exchange)
    return refusal if refusal is None or isinstance(refusal, Response) else await refusal
