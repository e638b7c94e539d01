"""`/api/v1/status`: the state of the gateway."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hotgate.control.api.endpoint import Answer, Call, Endpoint
from hotgate.control.api.input import Nothing


class Status(BaseModel):
    """What operators want to see first. More members may be added."""

    model_config = ConfigDict(extra="allow")

    version: str
    uptime_seconds: float
    revision: int = Field(description="Counts the configurations that were put into force.")
    generation: int = Field(description="Counts the sets of workers.")
    ready: bool
    workers: list[dict[str, Any]]
    worker_restarts: int
    worker_renewals: int
    reloads: dict[str, Any]
    key_sets: list[dict[str, Any]]
    health: list[dict[str, Any]]
    names: list[dict[str, Any]]
    brute_force: dict[str, Any] = Field(description="How many addresses are banned, and the first of them.")
    releases: list[dict[str, Any]] = Field(description="As `list-releases` shows them.")
    introspection: list[dict[str, Any]] = Field(description="What came of questions about tokens, by entry.")
    store: dict[str, Any] | None = Field(description="Where the store is, and why it cannot be reached; null without.")


async def get_status(call: Call, _: Nothing) -> Answer:
    """The state of the moment."""
    return Answer(200, Status.model_validate(call.state.status()))


ENDPOINTS = (
    Endpoint(
        "get-status",
        "GET",
        "/v1/status",
        "Workers, revision, reloads, the last error, key sets, health of targets, their names, bans.",
        get_status,
        {200: Status},
        needs_store=False,
    ),
)
