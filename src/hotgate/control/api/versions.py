"""`/api/v1/versions`: how long versions of APIs are there, and who still uses them."""

from collections.abc import Sequence
from typing import Any, Self

from pydantic import BaseModel, Field

from hotgate.control.api.endpoint import Answer, Call, Endpoint
from hotgate.control.api.fields import ShownTime, time_of
from hotgate.control.api.input import Nothing
from hotgate.control.problem import Problem


class Version(BaseModel):
    """One version of an API. Uses are counted since the control process was started."""

    api: str
    version: str
    is_default: bool = Field(description="Whether requests get it that name none.")
    deprecated: ShownTime | None
    sunset: ShownTime | None
    after_sunset: str = Field(description="What becomes of requests then: serve or gone.")
    callers: int = Field(description="How many different callers have used it.")
    requests: int
    last_seen: ShownTime | None

    @classmethod
    def of(cls, state: dict[str, Any]) -> Self:
        """As the API shows it."""
        times = {name: time_of(state[name]) for name in ("deprecated", "sunset", "last_seen")}
        return cls.model_validate({**state, **times})


class Versions(BaseModel):
    """All of them."""

    items: list[Version]


class Caller(BaseModel):
    """An application or a caller, by the entry of `identity`."""

    caller: str = Field(description='As "partners:acme"; "guests" for all who are not known.')
    requests: int
    last_seen: ShownTime


class Callers(BaseModel):
    """Who has used a version, the most frequent first."""

    items: list[Caller]


async def list_versions(call: Call, _: Nothing) -> Answer:
    """The state of the moment."""
    return Answer(200, Versions(items=[Version.of(each) for each in call.state.versions.state()]))


async def list_version_callers(call: Call, _: Nothing) -> Answer:
    """Of one version."""
    found = call.state.versions.callers(call.path["api"], call.path["version"])
    if found is None:
        raise Problem(404, "version-unknown", "There is no such version.")
    shown = [Caller.model_validate({**each, "last_seen": time_of(each["last_seen"])}) for each in found]
    return Answer(200, Callers(items=shown))


ENDPOINTS: Sequence[Endpoint] = (
    Endpoint(
        "list-versions",
        "GET",
        "/v1/versions",
        "List versions of APIs and how much they are used.",
        list_versions,
        {200: Versions},
        needs_store=False,
    ),
    Endpoint(
        "list-version-callers",
        "GET",
        "/v1/versions/{api}/{version}/callers",
        "List who has used a version.",
        list_version_callers,
        {200: Callers},
        problems={404: ("version-unknown",)},
        needs_store=False,
    ),
)
