"""`rate_limit:` of a route, as the file says it: one limit, or several with names."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from hotgate.config.notation import refused
from hotgate.config.settings import Flag, Form, HeaderName, Name, Settings, WholeNumber
from hotgate.config.status_range import Statuses
from hotgate.config.units import RateValue

MAX_LIMITS = 8  # of one route: each is a bucket to ask
MAX_PARTS = 4  # of one key
MAX_COST = 10**9  # bytes of a body, say
MAX_FILL_TIME = 366 * 86400.0 * 100  # seconds; more is a slip of the pen, and no Integer of RFC 9651 soon

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}"  # noqa: S105  (RFC 9110 §5.6.2)
_BY = rf"principal|consumer|group|address|route|header:{_TOKEN}|claim:[!-~]{{1,256}}|path:[A-Za-z_][A-Za-z0-9_]{{0,63}}"
_SAYS = "use principal, consumer, group, address, route, header:NAME, claim:NAME or path:NAME"

Kind = Annotated[str, Form(f"({_BY})", _SAYS)]
Cel = Annotated[str, Form(r"(?s:.{1,4096})", "use a CEL expression of at most 4,096 characters")]


class KeyExpression(Settings):
    """Whose bucket it is, by an expression."""

    cel: Cel = Field(
        description="A CEL expression of text: each value has a bucket of its own. Fails: the principal's."
    )


def _kind_of_part(value: Any) -> str:
    return "expression" if isinstance(value, dict | KeyExpression) else "kind"


KeyPart = Annotated[
    Annotated[Kind, Tag("kind")] | Annotated[KeyExpression, Tag("expression")], Discriminator(_kind_of_part)
]


def _kind_of_by(value: Any) -> str:
    return "parts" if isinstance(value, list | tuple) else _kind_of_part(value)


By = Annotated[
    Annotated[Kind, Tag("kind")]
    | Annotated[KeyExpression, Tag("expression")]
    | Annotated[tuple[KeyPart, ...], Field(min_length=1, max_length=MAX_PARTS), Tag("parts")],
    Discriminator(_kind_of_by),
]


class ComputedCost(Settings):
    """What a request costs, computed from the request."""

    cel: Cel = Field(description="A CEL expression of an int. One that fails, is below 0 or above `most` costs `most`.")
    most: Annotated[int, WholeNumber(1, MAX_COST)] = Field(description="The most that a request can cost.")


class ToldCost(Settings):
    """What a request costs, as the backend's answer says."""

    header: HeaderName = Field(description="The field of the answer: one whole number. Without it `estimate` stands.")
    estimate: Annotated[int, WholeNumber(1, MAX_COST)] = Field(
        default=1, description="What is taken before the backend is asked."
    )
    most: Annotated[int, WholeNumber(1, MAX_COST)] = Field(
        description="The most that a request can cost. A field that is no whole number, or is there twice, costs that "
        "much, and so does a request whose client left before the answer began."
    )
    remove: Flag = Field(default=False, description="Whether the client does not get the field.")

    @model_validator(mode="after")
    def _estimate_is_possible(self) -> "ToldCost":
        if self.estimate > self.most:
            raise refused("`estimate` is above `most`")
        return self


def _kind_of_cost(value: Any) -> str:
    if isinstance(value, dict):
        return "computed" if "cel" in value else "told"
    if isinstance(value, ComputedCost):
        return "computed"
    return "told" if isinstance(value, ToldCost) else "fixed"


Cost = Annotated[
    Annotated[int, WholeNumber(1, MAX_COST), Tag("fixed")]
    | Annotated[ComputedCost, Tag("computed")]
    | Annotated[ToldCost, Tag("told")],
    Discriminator(_kind_of_cost),
]


class RateLimitSettings(Settings):
    """How many requests each caller may make. One limit, or a list of up to 8 that must all have room."""

    limit: RateValue = Field(description="Requests in a time, such as 100/minute.")
    name: Name | None = Field(
        default=None,
        description="What the limit is called in answers, logs and metrics. Default: `share`, or the route's name.",
    )
    by: By = Field(
        default="principal",
        description="What has a bucket of its own: the authenticated caller (principal; the address of guests and where"
        " nobody is authenticated), all keys of a consumer, the caller's set of groups, the client's network (address),"
        " the whole route, each value of a request header, a claim or a path parameter, or of `{cel: EXPRESSION}`. A"
        " list combines up to 4. Clients choose headers: use one only if a proxy before Hotgate sets it.",
    )
    ipv4_prefix: Annotated[int, WholeNumber(1, 32)] = Field(
        default=32, description="How many bits of an IPv4 address make its network, wherever the address counts."
    )
    ipv6_prefix: Annotated[int, WholeNumber(1, 128)] = Field(
        default=64, description="The same for IPv6. A customer has a whole /64, many a /56 or a /48."
    )
    algorithm: Literal["token_bucket", "sliding_window"] = Field(
        default="token_bucket",
        description="token_bucket (GCRA): a burst at once, then evenly. sliding_window: never more than the number in"
        " any window of that length.",
    )
    burst: Annotated[int, WholeNumber(1, 10**9)] | None = Field(
        default=None,
        description="Requests that may come at once with a token bucket; by default the number in `limit`.",
    )
    tiers: dict[Name, RateValue] = Field(
        default={},
        max_length=64,
        description="Other rates for callers of a tier, in the same window as `limit`, which is for all others. `burst`"
        " grows in proportion. Whoever changes tier keeps how full the bucket is.",
    )
    tier: Cel | None = Field(
        default=None,
        description="A CEL expression of text that gives the tier. Default: the caller's (`principal.tier`). One that"
        " fails gives the slowest of all rates.",
    )
    when: Cel | None = Field(
        default=None, description="A CEL condition: the limit is only for requests for which it holds, or fails."
    )
    cost: Cost = Field(
        default=1,
        description="What a request takes: a number, `{cel: EXPRESSION, most: 100}`, or what a field of the answer"
        " says: `{header: x-cost, estimate: 1, most: 100}`.",
    )
    count: tuple[Statuses, ...] = Field(
        default=(),
        max_length=32,
        description='Statuses of answers that count, as [401, 403, "5xx"]; others give back what they took. A request'
        " whose client left before the answer began counts. Default: every request counts.",
    )
    dry_run: Flag = Field(
        default=False,
        description="Refuse nobody: only metrics, the log and `hotgate explain` tell who would have been refused.",
    )
    headers: Literal["draft", "legacy", "both", "none"] = Field(
        default="draft",
        description="What answers say of the limit: `RateLimit` and `RateLimit-Policy`"
        " (draft-ietf-httpapi-ratelimit-headers-11), the older `X-RateLimit-Limit`, `-Remaining` and `-Reset` (in"
        " seconds, as Envoy), both, or nothing. `Retry-After` comes with every refusal.",
    )
    unit: Literal["requests", "content-bytes"] = Field(
        default="requests",
        description="What `RateLimit-Policy` says is counted; `content-bytes` where `cost` is bytes.",
    )
    message: Annotated[str, Form(r"[^\x00-\x1f\x7f]{1,500}", "use one line of at most 500 characters")] = Field(
        default="There were too many requests. Slow down.", description="What a refusal says to people."
    )
    share: Name | None = Field(
        default=None,
        description="Limits with the same name here share their buckets, whichever route they are of; all else that"
        " decides who has which bucket, and how large it is, must be the same.",
    )

    @model_validator(mode="after")
    def _is_consistent(self) -> "RateLimitSettings":
        if self.algorithm == "sliding_window" and self.burst is not None:
            raise refused("a sliding window has no `burst`; it admits the number in `limit`")
        if self.tier is not None and not self.tiers:
            raise refused("`tier` chooses among `tiers`; give some")
        if any(rate.window != self.limit.window for rate in self.tiers.values()):
            raise refused("rates of `tiers` have the window of `limit`, so that a bucket means the same in all of them")
        if (self.burst or 0) / self.limit.count * self.limit.window > MAX_FILL_TIME:
            raise refused("a bucket of this `burst` takes more than a hundred years to fill at this rate")
        return self

    @property
    def bucket_terms(self) -> object:
        """What must be equal where buckets are shared."""
        return (
            *(self.limit, self.burst, self.algorithm, self.by, self.ipv4_prefix, self.ipv6_prefix),
            tuple(self.tiers.items()),
        )


def _kind_of_setting(value: Any) -> str:
    return "several" if isinstance(value, list | tuple) else "one"


RateLimitSetting = Annotated[
    Annotated[RateLimitSettings, Tag("one")]
    | Annotated[tuple[RateLimitSettings, ...], Field(min_length=1, max_length=MAX_LIMITS), Tag("several")],
    Discriminator(_kind_of_setting),
]
