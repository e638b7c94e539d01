"""`concurrency:` of a route, as the file says it: one limit, or several."""

from typing import Annotated

from pydantic import Discriminator, Field, Tag

from hotgate.config.concurrency import MOST_PLACES, Waiting
from hotgate.config.notation import refused
from hotgate.config.settings import WholeNumber
from hotgate.policies.limits.key_settings import By
from hotgate.policies.limits.one_or_several import one_or_several

_MOST_LIMITS = 4  # of one route


class _Places(WholeNumber):
    def _read(self, value: object) -> int:
        if value == "adaptive":
            raise refused("`adaptive` is for `concurrency` of an upstream; a route needs a whole number")
        return super()._read(value)


class ConcurrencySettings(Waiting):
    """How many requests may be on their way at once, of a route or of each caller on it. One limit, or a list.

    WebSockets and long streams keep their place until they end.
    """

    limit: Annotated[int, _Places(1, MOST_PLACES)] = Field(
        description="Requests over all workers, each of which has its part. What adapts itself is `concurrency` of an"
        " upstream. nginx: `limit_conn`."
    )
    by: By = Field(
        default="route",
        description="Whose places they are: the route's (more is answered 503), or those of each caller (more is"
        " answered 429), told apart as by `rate_limit.by`.",
    )
    ipv4_prefix: Annotated[int, WholeNumber(1, 32)] = Field(
        default=32, description="How many bits of an IPv4 address make its network, wherever the address counts."
    )
    ipv6_prefix: Annotated[int, WholeNumber(1, 128)] = Field(default=64, description="The same for IPv6.")


ConcurrencySetting = Annotated[
    Annotated[ConcurrencySettings, Tag("one")]
    | Annotated[tuple[ConcurrencySettings, ...], Field(min_length=1, max_length=_MOST_LIMITS), Tag("several")],
    Discriminator(one_or_several),
]
