"""`rate_limit:` of a route, as the file says it: one limit, or several with names."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from hotgate.config.cel_expression import CelExpression
from hotgate.config.notation import refused
from hotgate.config.settings import Flag, Form, Name, Settings, WholeNumber
from hotgate.config.status_range import Statuses
from hotgate.config.units import RateValue
from hotgate.policies.limits.cost_settings import Cost
from hotgate.policies.limits.key_settings import By
from hotgate.policies.limits.limit_scope import limit_scope
from hotgate.policies.limits.one_or_several import one_or_several

MAX_LIMITS = 8  # of one route: each is a bucket to ask
MAX_FILL_TIME = 366 * 86400.0 * 100  # seconds; more is a slip of the pen, and no Integer of RFC 9651 soon


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
    tier: CelExpression | None = Field(
        default=None,
        description="A CEL expression of text that gives the tier. Default: the caller's (`principal.tier`). One that"
        " fails gives the slowest of all rates.",
    )
    when: CelExpression | None = Field(
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

    def scope(self, route: str) -> str:
        """Where it counts on a route."""
        return limit_scope("route", "share", route=route, name=self.name, share=self.share)

    @property
    def bucket_terms(self) -> object:
        """What must be equal where buckets are shared."""
        return (
            *(self.limit, self.burst, self.algorithm, self.by, self.ipv4_prefix, self.ipv6_prefix),
            tuple(self.tiers.items()),
        )


RateLimitSetting = Annotated[
    Annotated[RateLimitSettings, Tag("one")]
    | Annotated[tuple[RateLimitSettings, ...], Field(min_length=1, max_length=MAX_LIMITS), Tag("several")],
    Discriminator(one_or_several),
]
