"""`quota:` of a route, as the file says it: how much a caller may use in a period of the calendar."""

import re
from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Discriminator, Field, Tag

from hotgate.config.cel_expression import CelExpression
from hotgate.config.notation import Notation, refused
from hotgate.config.routes import Route
from hotgate.config.settings import Flag, Form, Name, Settings, WholeNumber
from hotgate.config.status_range import Statuses
from hotgate.limits.limit import MAX_QUOTA
from hotgate.policies.limits.cost_settings import Cost
from hotgate.policies.limits.key_settings import By
from hotgate.policies.limits.limit_scope import limit_scope
from hotgate.policies.limits.one_or_several import one_or_several
from hotgate.policies.limits.rate_limit_settings import MAX_LIMITS

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def _read_date(value: object) -> date:
    says = "write a date, as 2026-01-31"
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise refused(says)
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise refused(says) from None


Date = Annotated[date, Notation(_read_date, {"type": "string", "format": "date"}, str)]


_zone_name = Form(r"[A-Za-z0-9_+/-]{1,64}", "use a name of the IANA database: Europe/Berlin")


def _read_zone(value: object) -> str:
    name: str = _zone_name.read(value)
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        close = get_close_matches(name, available_timezones(), 1)
        hint = f"did you mean '{close[0]}'?" if close else "use a name of the IANA database: Europe/Berlin"
        raise refused(f"there is no such time zone on this machine; {hint}") from None
    return name


TimeZone = Annotated[str, Notation(_read_zone, _zone_name.schema)]


class Days(Settings):
    """Every so many days."""

    days: Annotated[int, WholeNumber(1, 3660)] = Field(description="How long a period is.")
    since: Date = Field(alias="from", description="A day on which one begins; others follow it and go before it.")


class BillingMonth(Settings):
    """From one day of a month to the same of the next."""

    month_from: Annotated[int, WholeNumber(1, 31)] = Field(
        description="The day of the month. One that is too short begins on its last day."
    )


def _kind_of_period(value: Any) -> str:
    if isinstance(value, dict):
        return "billing" if "month_from" in value else "every-days"
    if isinstance(value, BillingMonth):
        return "billing"
    return "every-days" if isinstance(value, Days) else "named"


Period = Annotated[
    Annotated[Literal["day", "month"], Tag("named")]
    | Annotated[Days, Tag("every-days")]
    | Annotated[BillingMonth, Tag("billing")],
    Discriminator(_kind_of_period),
]


class QuotaSettings(Settings):
    """How much a caller may use in a period of the calendar. It outlives restarts. One, or a list of up to 8."""

    limit: Annotated[int, WholeNumber(1, MAX_QUOTA)] = Field(description="Requests in a period.")
    per: Period = Field(
        description="day, month, `{days: 30, from: 2026-01-01}`, or `{month_from: 15}` for a billing period. Each"
        " begins at midnight in `time_zone`."
    )
    time_zone: TimeZone = Field(
        default="UTC", description="A name of the IANA time zone database, such as Europe/Berlin."
    )
    name: Name | None = Field(
        default=None,
        description="What it is called in answers, logs and commands. Default: `share`, or `quota`.",
    )
    by: By = Field(
        default="principal",
        description="Whose quota it is; in the words of `rate_limit`. By default each caller's.",
    )
    ipv4_prefix: Annotated[int, WholeNumber(1, 32)] = Field(
        default=32, description="How many bits of an IPv4 address make its network, wherever the address counts."
    )
    ipv6_prefix: Annotated[int, WholeNumber(1, 128)] = Field(default=64, description="The same for IPv6.")
    cost: Cost = Field(default=1, description="What a request takes, as in `rate_limit`.")
    when: CelExpression | None = Field(
        default=None, description="A CEL condition: the quota is only for requests for which it holds, or fails."
    )
    count: tuple[Statuses, ...] = Field(
        default=(),
        max_length=32,
        description="Statuses of answers that count; others give back what they took. Default: all.",
    )
    when_lost: Literal["closed", "open"] = Field(
        default="closed",
        description="What becomes of a request when nothing can be counted, because the database or its disk is gone or"
        " full, and nothing is left of what was fetched before: 503 (closed), or it passes uncounted (open).",
    )
    dry_run: Flag = Field(default=False, description="Refuse nobody; tell in metrics and log who would have been.")
    message: Annotated[str, Form(r"[^\x00-\x1f\x7f]{1,500}", "use one line of at most 500 characters")] = Field(
        default="The quota of this period is used up.", description="What a refusal says to people."
    )
    share: Name | None = Field(
        default=None, description="Quotas with the same name here are one, whichever route they are of."
    )

    @property
    def notation(self) -> str:
        """The period as `Calendar` reads it."""
        if isinstance(self.per, Days):
            of = f"days/{self.per.days}/{self.per.since}"
        elif isinstance(self.per, BillingMonth):
            of = f"month/{self.per.month_from}"
        else:
            of = {"day": "day", "month": "month/1"}[self.per]
        return f"{of}@{self.time_zone}"

    @property
    def longest(self) -> int:
        """Seconds of the longest period; a day may have 25 hours."""
        days = self.per.days if isinstance(self.per, Days) else 1 if self.per == "day" else 31
        return days * 86400

    def scope(self, route: str) -> str:
        """Where it counts on a route."""
        return limit_scope("quota", "shared-quota", route=route, name=self.name, share=self.share)

    @property
    def bucket_terms(self) -> object:
        """What must be equal where a quota is shared."""
        return self.limit, self.notation, self.by, self.ipv4_prefix, self.ipv6_prefix


QuotaSetting = Annotated[
    Annotated[QuotaSettings, Tag("one")]
    | Annotated[tuple[QuotaSettings, ...], Field(min_length=1, max_length=MAX_LIMITS), Tag("several")],
    Discriminator(one_or_several),
]


def quota_sizes(routes: Iterable[Route]) -> dict[str, int]:
    """How large each quota of these routes is, by where it counts."""
    sizes: dict[str, int] = {}
    for route in routes:
        found = route.policy("quota") or ()
        for settings in found if isinstance(found, tuple) else (found,):
            sizes[settings.scope(route.name)] = settings.limit
    return sizes
