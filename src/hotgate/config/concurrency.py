"""How many requests may be on their way at once: what routes and upstreams say of it alike, and `upstreams.*`."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from hotgate.config.notation import Notation, refused
from hotgate.config.settings import Settings, WholeNumber
from hotgate.config.units import DurationBetween

MOST_PLACES = 1_000_000
_PLACES = WholeNumber(1, MOST_PLACES)
_LOWEST, _HIGHEST = 5, 1000  # of an adaptive limit; Netflix: 20 to 200, Envoy: 3 to 1000


def _read_limit(value: object) -> int | Literal["adaptive"]:
    try:
        return "adaptive" if value == "adaptive" else int(_PLACES.read(value))
    except ValueError:
        raise refused(f"must be adaptive or a whole number from 1 to {MOST_PLACES}") from None


Places = Annotated[
    int | Literal["adaptive"],
    Notation(_read_limit, {"anyOf": [{"const": "adaptive"}, _PLACES.schema]}, lambda value: value),
]


class Waiting(Settings):
    """What becomes of requests that find no place."""

    queue: Annotated[int, WholeNumber(0, 10_000)] = Field(
        default=100,
        description="Requests that may wait for a place with each worker; more are refused. Callers take turns, and"
        " whoever has most waiting loses first. 0: none wait. HAProxy: `maxqueue`.",
    )
    wait: Annotated[float, DurationBetween("10ms", "20s")] = Field(
        default=1.0,
        description="Time for which a request may wait for a place. One that could not have a place by then is refused"
        " at once. HAProxy: `timeout queue`.",
    )


class UpstreamConcurrency(Waiting):
    """How many requests of all routes may be with an upstream at once; more wait, then are answered 503.

    With `adaptive` each worker finds out how many the upstream bears, from how long its answers take.
    """

    limit: Places = Field(
        description="Requests over all workers, each of which has its part; or `adaptive`. HAProxy: `maxconn`; Envoy:"
        " `max_requests`, adaptive concurrency."
    )
    min: Annotated[int, _PLACES] | None = Field(
        default=None, description="The least that `adaptive` goes down to, with each worker. Default: 5. Envoy: 3."
    )
    max: Annotated[int, _PLACES] | None = Field(
        default=None, description="The most that `adaptive` goes up to, with each worker. Default: 1000. Envoy: 1000."
    )

    @property
    def lowest(self) -> int:
        """The least of an adaptive limit."""
        return min(_LOWEST, self.highest) if self.min is None else self.min

    @property
    def highest(self) -> int:
        """The most of it."""
        return max(_HIGHEST, self.min or 0) if self.max is None else self.max

    @model_validator(mode="after")
    def _has_bounds_in_order(self) -> "UpstreamConcurrency":
        if self.limit != "adaptive" and not (self.min is None and self.max is None):
            raise refused("`min` and `max` are for `limit: adaptive`")
        if self.min is not None and self.max is not None and self.max < self.min:
            raise refused("`max` must not be less than `min`")
        return self
