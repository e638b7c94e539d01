"""`upstreams.*.retries`: when a request that failed is sent once more."""

from typing import Annotated

from pydantic import Field

from hotgate.config.notation import Notation, refused
from hotgate.config.settings import Form, Settings, WholeNumber
from hotgate.config.units import DurationBetween, SizeBetween

# Those of HAProxy's `retry-on` (404, 408, 425, 429) and Envoy's `retriable-4xx` (409) that another target may mend.
RETRIABLE_4XX = (404, 408, 409, 425, 429)
_CLASSES = ("connect", "reset", "timeout")
_STATUSES = WholeNumber(500, 599)


def _read_condition(value: object) -> str | int:
    if isinstance(value, str) and value in _CLASSES:
        return value
    try:
        status = int(WholeNumber(400, 599).read(value))
    except ValueError:
        status = 0
    if status < 500 and status not in RETRIABLE_4XX:
        raise refused("must be connect, reset, timeout, a status from 500 to 599, or 404, 408, 409, 425 or 429")
    return status


Condition = Annotated[
    str | int,
    Notation(
        _read_condition,
        {"anyOf": [{"enum": list(_CLASSES)}, {"enum": list(RETRIABLE_4XX)}, _STATUSES.schema]},
        lambda value: value,
    ),
]


class RetryBudget(Settings):
    """How many retries there may be, so that they cannot multiply an outage. Counted by each worker, per upstream.

    A try that got no connection asked nothing of any backend, so what follows it is not counted.
    """

    percent: Annotated[int, WholeNumber(0, 100)] = Field(
        default=20,
        description="Percent of the requests of the last 10 to 20 seconds that may be retries. Finagle, Envoy: 20.",
    )
    per_second: Annotated[int, WholeNumber(0, 10_000)] = Field(
        default=10,
        description="Retries per second that are allowed besides, however few requests there are. Finagle: 10.",
    )


class Retries(Settings):
    """When a request is sent once more: to another target at once, or to the same one at the next tick of 250 ms.

    After a byte of it has left, only an idempotent request (GET, PUT, …; RFC 9110, section 9.2.2) is sent again, and
    only if all of its body that was sent is still held.
    """

    attempts: Annotated[int, WholeNumber(1, 10)] = Field(
        default=2, description="How often a request is sent at most, the first time included."
    )
    on: tuple[Condition, ...] = Field(
        default=("connect",),
        min_length=1,
        max_length=100,
        description="What is worth another try: `connect` (no connection could be made, or nothing had been sent on "
        "it), `reset` (it ended before the first byte of an answer), `timeout` (no answer in time), and statuses.",
    )
    per_try_timeout: Annotated[float, DurationBetween("1ms", "1h")] | None = Field(
        default=None,
        description="Time for each try until the answer's header section is there, if that is less than "
        "`timeouts.head`. `timeouts.total` bounds all tries together. Not set: `timeouts.head`.",
    )
    non_idempotent: tuple[Annotated[str, Form(r"[A-Z][A-Z0-9_-]{0,31}", "use a method in capital letters")], ...] = (
        Field(
            default=(),
            max_length=64,
            description="Methods such as POST that are sent again although the backend may act upon them twice. "
            "Only for backends that recognise a repeated request. nginx: `non_idempotent`.",
        )
    )
    max_body: Annotated[int, SizeBetween("0", "16MiB")] = Field(
        default=64 * 1024,
        description="How much of a request's body is held until the answer begins. A request that has sent more "
        "is not sent again.",
    )
    budget: RetryBudget = Field(default=RetryBudget(), description="How many retries there may be.")
