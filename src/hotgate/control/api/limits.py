"""`/api/v1/limits`: who is limited now, how a key stands, and a fresh start for it."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, Field

from hotgate.control.api.endpoint import Answer, Call, Endpoint
from hotgate.control.api.input import Input
from hotgate.control.problem import Problem

MAX_SCOPE = 512
_ALL, _ONE = "/v1/limits", "/v1/limits/key"
_LIMIT = "The limit as lists show it: `route/orders`, `route/orders/NAME` or `share/NAME`."
_KEY = "The key as lists show it: `a/192.0.2.1`, `p/corp/alice`."


class Filter(Input):
    """Which of those who are limited."""

    limit: str = Field(default="", max_length=MAX_SCOPE, description="Only by this limit.")
    containing: str = Field(default="", max_length=MAX_SCOPE, description="Only keys with this text in them.")
    most: int = Field(default=100, ge=1, le=1000, description="How many at most.")


class OneKey(Input):
    """One key of one limit."""

    limit: str = Field(min_length=1, max_length=MAX_SCOPE, description=_LIMIT)
    key: str = Field(min_length=1, max_length=MAX_SCOPE, description=_KEY)


class Standing(BaseModel):
    """How a key of a limit stands."""

    limit: str
    key: str
    kind: str = Field(description="bucket, window or period.")
    quota: int
    window_seconds: float
    level: float = Field(description="Tokens that are left; below zero, a debt.")
    on_lease: int = Field(description="Tokens that workers hold besides.")
    limited_for_seconds: float | None = Field(description="Since the first denial of the series; null without one.")
    retry_after_seconds: float = Field(description="Until a request could pass; 0 if it could now.")


class Limited(BaseModel):
    """Who is limited, the latest denial first."""

    items: list[Standing]


async def list_limited(call: Call, which: Filter) -> Answer:
    """Of all workers."""
    found: list[dict[str, Any]] = call.state.limits.limited(which.limit, which.containing, which.most)
    return Answer(200, Limited(items=[Standing.model_validate(each) for each in found]))


async def show_limit(call: Call, one: OneKey) -> Answer:
    """Nothing is spent."""
    found = call.state.limits.standing(one.limit, one.key)
    if found is None:
        raise Problem(404, "limit-unknown", "Nobody has used a limit of this name since the gateway started.")
    return Answer(200, Standing.model_validate(found))


async def reset_limit(call: Call, one: OneKey) -> Answer:
    """A worker may deny the key for a second more."""
    if not await call.state.limits.reset(one.limit, one.key):
        raise Problem(404, "limit-unknown", "This key has used nothing of a limit of this name.")
    return Answer(204, subject=f"{one.limit} {one.key}")


ENDPOINTS: Sequence[Endpoint] = (
    Endpoint(
        "list-limited", "GET", _ALL, "List who is limited now.", list_limited, {200: Limited}, Filter, needs_store=False
    ),
    Endpoint(
        "show-limit",
        "GET",
        _ONE,
        "See how a key of a limit stands; nothing is spent.",
        show_limit,
        {200: Standing},
        OneKey,
        problems={404: ("limit-unknown",)},
        needs_store=False,
    ),
    Endpoint(
        "reset-limit",
        "DELETE",
        _ONE,
        "Let a key have its whole burst again.",
        reset_limit,
        {204: None},
        OneKey,
        problems={404: ("limit-unknown",)},
        needs_store=False,
    ),
)
