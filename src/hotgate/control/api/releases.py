"""`/api/v1/releases`: how requests are shared between upstreams, how these do, and how that is changed."""

from collections.abc import Sequence
from typing import Any, Self

from pydantic import BaseModel, Field

from hotgate.control.api.endpoint import Answer, Call, Endpoint
from hotgate.control.api.fields import Name, ShownTime, time_of
from hotgate.control.api.input import Input, Nothing

_ALL, _ONE = "/v1/releases", "/v1/releases/{route}"


class Side(BaseModel):
    """An upstream of a release. What it has done is of the release's window: one minute, or what the file says."""

    upstream: str
    percent: float = Field(description="Its share of the requests.")
    closed: bool = Field(description="Whether it gets nothing at all, not even by a rule.")
    requests: int
    errors: int = Field(description="How many of the answers were failures.")
    percentile: int
    seconds: float = Field(description="Within which so many percent of its answers began; estimated.")


class Release(BaseModel):
    """The release of one route. The first side is the route's own upstream."""

    route: str
    upstream: str
    sides: list[Side]
    changed: bool = Field(description="Whether something else counts than what the file says.")
    because: str = Field(description="Why, if so.")
    since: ShownTime | None

    @classmethod
    def of(cls, state: dict[str, Any]) -> Self:
        """As the API shows it."""
        return cls.model_validate({**state, "since": time_of(state["since"])})


class Releases(BaseModel):
    """All of them."""

    items: list[Release]


class Share(Input):
    """What an upstream gets; the route's own gets the rest."""

    upstream: Name
    percent: float = Field(ge=0, le=100, description="Of the requests.")


class Switch(Input):
    """Who gets everything."""

    upstream: Name = Field(description="The route's own, or another of the release.")


async def list_releases(call: Call, _: Nothing) -> Answer:
    """The state of the moment."""
    return Answer(200, Releases(items=[Release.of(each) for each in call.state.releases.state()]))


async def set_share(call: Call, share: Share) -> Answer:
    """One that was taken out is back with it."""
    route = call.path["route"]
    call.state.releases.set_share(route, share.upstream, share.percent / 100)
    return Answer(204, subject=f"{route} {share.upstream} {share.percent:g}%")


async def switch(call: Call, to: Switch) -> Answer:
    """Requests that are under way end where they are."""
    route = call.path["route"]
    call.state.releases.switch(route, to.upstream)
    return Answer(204, subject=f"{route} {to.upstream}")


async def abort(call: Call, _: Nothing) -> Answer:
    """Everything to the route's own upstream, also what rules would send elsewhere."""
    call.state.releases.abort(call.path["route"])
    return Answer(204, subject=call.path["route"])


async def reset(call: Call, _: Nothing) -> Answer:
    """The shares of the file count again."""
    call.state.releases.reset(call.path["route"])
    return Answer(204, subject=call.path["route"])


_UNKNOWN = {404: ("release-unknown",)}
_PROBLEMS = {**_UNKNOWN, 422: ("release-invalid",)}

ENDPOINTS: Sequence[Endpoint] = (
    Endpoint(
        "list-releases",
        "GET",
        _ALL,
        "List releases, their shares, and how each upstream has done of late.",
        list_releases,
        {200: Releases},
        needs_store=False,
    ),
    Endpoint(
        "set-release-share",
        "PATCH",
        _ONE,
        "Give an upstream of a release another share.",
        set_share,
        {204: None},
        Share,
        problems=_PROBLEMS,
        needs_store=False,
    ),
    Endpoint(
        "switch-release",
        "POST",
        f"{_ONE}/switch",
        "Send everything to one upstream.",
        switch,
        {204: None},
        Switch,
        problems=_PROBLEMS,
        needs_store=False,
    ),
    Endpoint(
        "abort-release",
        "POST",
        f"{_ONE}/abort",
        "Send everything to the route's own upstream.",
        abort,
        {204: None},
        problems=_UNKNOWN,
        needs_store=False,
    ),
    Endpoint(
        "reset-release",
        "DELETE",
        _ONE,
        "Forget what was changed in a release.",
        reset,
        {204: None},
        problems=_UNKNOWN,
        needs_store=False,
    ),
)
