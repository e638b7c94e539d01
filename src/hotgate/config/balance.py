"""`upstreams.*.balance`: which target serves a request."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from hotgate.config.notation import Notation, refused
from hotgate.config.secret import Secret
from hotgate.config.settings import Form, Settings, WholeNumber, given
from hotgate.config.units import DurationBetween

SimpleBalance = Literal["round_robin", "least_requests", "power_of_two"]
_NAMED = ("header", "cookie", "query")
_MIN_SECRET = 16

CookieName = Annotated[
    str, Form(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}", "use a cookie's name: letters, digits, '-' and '_', at most 64")
]
# A query parameter is compared as it stands in the URL, so its name is such a token as well.
_KEY_NAME = Form(
    r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}",
    "use the name of a header, cookie or query parameter: letters, digits, '-' and '_', others as %XX",
)
_FACTOR = WholeNumber(100, 1000)


def _read_factor(value: object) -> int:
    factor = int(_FACTOR.read(value))
    if factor == 100:
        raise refused("must be a whole number from 101 to 1000 (percent of a fair share)")
    return factor


class ConsistentHash(Settings):
    """Requests with the same key go to the same target, as long as it is there and not overloaded.

    A target that comes or goes moves only its own share of the keys. Requests without the key go round robin.
    """

    by: Literal["client", "principal", "path", "header", "cookie", "query"] = Field(
        description="The key: the caller's address, the authenticated subject, the path, or the named header, cookie "
        "or query parameter."
    )
    name: Annotated[str, _KEY_NAME] | None = Field(
        default=None, description="The name of the header, cookie or query parameter. Only with these."
    )
    balance_factor: Annotated[
        int, Notation(_read_factor, {"type": "integer", "minimum": 101, "maximum": 1000}, lambda value: value)
    ] = Field(
        default=125,
        description="Percent of its fair share of the requests in flight that a target may have before the next one on "
        "the ring takes over (bounded loads). HAProxy: `hash-balance-factor`.",
    )

    @model_validator(mode="after")
    def _is_named(self) -> "ConsistentHash":
        if (self.by in _NAMED) != (self.name is not None):
            raise refused("`name` goes with `by: header`, `by: cookie` and `by: query`, and only with these")
        return self


class Sticky(Settings):
    """A client stays with the target that answered it first, by a cookie that the gateway sets."""

    cookie: CookieName = Field(description="The cookie's name.")
    secret: Secret = Field(
        description="At least 16 characters. The cookie holds a keyed hash of the target, which tells nothing without "
        "this secret. Keep it, or every client is assigned anew. HAProxy: `dynamic-cookie-key`."
    )
    ttl: Annotated[float, DurationBetween("1s", "366d")] | None = Field(
        default=None, description="How long the client keeps the cookie. Not set: until its session ends."
    )
    otherwise: SimpleBalance = Field(
        default="round_robin", description="Who serves a client without the cookie, or whose target is gone."
    )

    @model_validator(mode="after")
    def _is_long_enough(self) -> "Sticky":
        if len(self.secret.reveal()) < _MIN_SECRET:
            raise refused(f"the secret needs at least {_MIN_SECRET} characters")
        return self


class Balance(Settings):
    """How a target is chosen, if that takes more than a word: exactly one of these keys."""

    consistent_hash: ConsistentHash | None = Field(default=None, description="By a key of the request.")
    sticky: Sticky | None = Field(default=None, description="By a cookie.")

    @model_validator(mode="after")
    def _is_one(self) -> "Balance":
        if len(given(self, ("consistent_hash", "sticky"))) != 1:
            raise refused("say either `consistent_hash` or `sticky`")
        return self
