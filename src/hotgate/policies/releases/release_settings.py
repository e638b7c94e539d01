"""`release:` of a route, as the file says it."""

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from hotgate.config.authorization import ClaimName, ClaimValue
from hotgate.config.balance import CookieName
from hotgate.config.cel_expression import CelExpression
from hotgate.config.notation import Notation, refused
from hotgate.config.percent import PercentBetween
from hotgate.config.secret import Secret
from hotgate.config.settings import HeaderName, HeaderValue, Name, Settings, WholeNumber, given
from hotgate.config.units import DurationBetween

MAX_SIDES = 16
_MIN_SECRET = 16

_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,2})?)%")


def parse_share(value: object) -> float:
    """0.0 to 1.0 of "5%" or "0.25%". Raises PydanticCustomError."""
    match = _SHARE.fullmatch(value) if isinstance(value, str) else None
    if match is None or float(match[1]) > 100:
        raise refused("write a percentage from 0% to 100% with at most two decimals, such as 5% or 0.25%")
    return round(float(match[1]) / 100, 6)


def share_text(share: float) -> str:
    """ "5%" of 0.05."""
    return f"{share * 100:g}%"


Share = Annotated[float, Notation(parse_share, {"type": "string", "pattern": f"^{_SHARE.pattern}$"}, share_text)]


class Rule(Settings):
    """Requests that go to one upstream whatever the shares say: exactly one of `header`, `claim` and `when`."""

    to: Name = Field(description="The upstream: one under `release.to`, or the route's own.")
    header: dict[HeaderName, HeaderValue] | None = Field(
        default=None,
        min_length=1,
        max_length=16,
        description="Header fields and the value each must have, once. Clients choose what they send: whoever knows the"
        " field is on this side.",
    )
    claim: dict[ClaimName, ClaimValue] | None = Field(
        default=None,
        min_length=1,
        max_length=16,
        description="Verified claims of the caller and the value each must have, or hold if it is a list.",
    )
    when: CelExpression | None = Field(default=None, description="A condition in CEL, as in `authorize.when`.")

    @model_validator(mode="after")
    def _is_one(self) -> "Rule":
        if len(given(self, ("header", "claim", "when"))) != 1:
            raise refused("say exactly one of `header`, `claim` and `when`")
        return self


class StickyCookie(Settings):
    """A client keeps to its side by a cookie that the gateway gives it."""

    cookie: CookieName = Field(description="The cookie's name.")
    secret: Secret = Field(
        description="At least 16 characters, the same on all nodes: only cookies that were made with it count."
    )
    ttl: Annotated[float, DurationBetween("1m", "366d")] | None = Field(
        default=None, description="How long the client keeps the cookie. Not set: until its session ends."
    )

    @model_validator(mode="after")
    def _is_long_enough(self) -> "StickyCookie":
        if len(self.secret.reveal()) < _MIN_SECRET:
            raise refused(f"the secret needs at least {_MIN_SECRET} characters")
        return self


class ReturnOn(Settings):
    """When an upstream under `to` gets no more requests: it is compared with the route's own over a window."""

    errors: Annotated[float, PercentBetween(1, 100)] = Field(
        default=0.05,
        description="Points of percent by which its share of failed answers (5xx, or none) may exceed that of the "
        "route's own upstream.",
    )
    slower: Annotated[float, PercentBetween(10, 900)] | None = Field(
        default=None,
        description="How much longer its answers may take than those of the route's own upstream, by `percentile`. Not "
        "set: as long as they like.",
    )
    percentile: Annotated[int, WholeNumber(50, 99)] = Field(
        default=95, description="Which percentile of the times is compared; it is estimated from a histogram."
    )
    window: Annotated[float, DurationBetween("5s", "1h")] = Field(
        default=60.0, description="The time that is looked at. Argo Rollouts and Flagger: about 1m."
    )
    min_requests: Annotated[int, WholeNumber(1, 1_000_000)] = Field(
        default=50,
        description="Requests in the window without which nothing is concluded, neither of one side nor of the other.",
    )


class ReleaseSettings(Settings):
    """Part of the requests goes to other upstreams than the route's own: a split, a canary, blue and green."""

    to: dict[Name, Share] = Field(
        min_length=1,
        max_length=MAX_SIDES,
        description="Other upstreams and their shares of the requests, such as `orders-next: 5%`; the route's own "
        "`upstream` gets the rest. 0% for one that only `rules` or `hotgate releases` send requests to.",
    )
    sticky: Literal["principal", "consumer", "none"] | StickyCookie = Field(
        default="principal",
        description="What keeps to one side while shares move slowly: the caller (guests: their address); the"
        " consumer or application that calls; as a mapping, whoever has a cookie; or nothing.",
    )
    rules: tuple[Rule, ...] = Field(
        default=(), max_length=64, description="Who goes where whatever the shares say; the first that fits decides."
    )
    return_on: ReturnOn | None = Field(
        default=None, description="When the gateway takes an upstream out of the release. Not set: never."
    )

    @model_validator(mode="after")
    def _adds_up(self) -> "ReleaseSettings":
        if round(sum(self.to.values()), 6) > 1:
            raise refused("the shares under `to` are more than 100% together")
        return self
