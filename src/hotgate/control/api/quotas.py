"""`/api/v1/quotas`: how much of each quota is used, and a fresh start for a key."""

from collections.abc import Sequence

from pydantic import BaseModel, Field

from hotgate.control.api.endpoint import Answer, Call, Endpoint
from hotgate.control.api.fields import ShownTime
from hotgate.control.api.input import Input
from hotgate.control.api.limits import MAX_SCOPE
from hotgate.control.problem import Problem

_ALL, _ONE = "/v1/quotas", "/v1/quotas/key"
_UNKNOWN = "This key has used nothing of a quota of this name."


class Filter(Input):
    """Which quotas."""

    quota: str = Field(default="", max_length=MAX_SCOPE, description="Only of this quota.")
    containing: str = Field(default="", max_length=MAX_SCOPE, description="Only keys with this text in them.")
    most: int = Field(default=100, ge=1, le=1000, description="How many at most.")


class OneKey(Input):
    """One key of one quota."""

    quota: str = Field(
        min_length=1,
        max_length=MAX_SCOPE,
        description="The quota as lists show it: `quota/orders`, `quota/orders/NAME` or `shared-quota/NAME`.",
    )
    key: str = Field(min_length=1, max_length=MAX_SCOPE, description="The key as lists show it: `c/acme`.")


class Use(BaseModel):
    """How much a key has used in the period that is under way."""

    quota: str
    key: str
    used: int = Field(description="Over all nodes; with what other nodes have fetched and not used yet.")
    limit: int | None = Field(description="Null for a quota that is not in the configuration.")
    period: str
    ends: ShownTime


class Uses(BaseModel):
    """Those who have used most first."""

    items: list[Use]


async def list_quotas(call: Call, which: Filter) -> Answer:
    """Of all nodes that share the store."""
    found = await call.state.limits.quotas(which.quota, which.containing, which.most)
    return Answer(200, Uses(items=[Use.model_validate(each) for each in found]))


async def show_quota(call: Call, one: OneKey) -> Answer:
    """Nothing is used up."""
    found = await call.state.limits.quota(one.quota, one.key)
    if found is None:
        raise Problem(404, "quota-unknown", _UNKNOWN)
    return Answer(200, Use.model_validate(found))


async def reset_quota(call: Call, one: OneKey) -> Answer:
    """What other nodes have fetched already they may still give out."""
    if not await call.state.limits.reset_quota(one.quota, one.key):
        raise Problem(404, "quota-unknown", _UNKNOWN)
    return Answer(204, subject=f"{one.quota} {one.key}")


ENDPOINTS: Sequence[Endpoint] = (
    Endpoint(
        "list-quotas", "GET", _ALL, "List who has used most.", list_quotas, {200: Uses}, Filter, needs_store=False
    ),
    Endpoint(
        "show-quota",
        "GET",
        _ONE,
        "See how much of a quota a key has used.",
        show_quota,
        {200: Use},
        OneKey,
        problems={404: ("quota-unknown",)},
        needs_store=False,
    ),
    Endpoint(
        "reset-quota",
        "DELETE",
        _ONE,
        "Let a key have its whole quota again.",
        reset_quota,
        {204: None},
        OneKey,
        problems={404: ("quota-unknown",)},
        needs_store=False,
    ),
)
