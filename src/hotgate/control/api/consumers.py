"""`/api/v1/consumers`: who calls."""

from collections.abc import Sequence
from typing import Self
from urllib.parse import quote

from pydantic import BaseModel, Field

from hotgate.control.api.endpoint import Answer, Call, Endpoint
from hotgate.control.api.fields import (
    METADATA,
    Listed,
    Metadata,
    Name,
    Names,
    Page,
    ShownTime,
    given,
    next_page,
    time_of,
)
from hotgate.control.api.input import Changes, Input, Nothing
from hotgate.store import records

_ONE = "/v1/consumers/{name:path}"  # a name may hold a slash, which arrives decoded


class NewConsumer(Input):
    """A consumer to be."""

    name: Name = Field(description="Unique, and never changed.")
    groups: Names = Field(default=(), description="Groups of which its callers are.")
    roles: Names = Field(default=(), description="Roles that its callers have.")
    tier: Name | None = Field(default=None, description="What it pays for, such as `gold`.")
    metadata: Metadata = Field(default={}, description=METADATA)
    disabled: bool = Field(default=False, description="Refuse all its keys.")


class ConsumerChanges(Changes):
    """Members that are to have another value; the others stay."""

    groups: Names = ()
    roles: Names = ()
    tier: Name | None = None
    metadata: Metadata = {}
    disabled: bool = False


class Consumer(BaseModel):
    """A consumer."""

    name: str
    groups: Sequence[str]
    roles: Sequence[str]
    tier: str | None
    metadata: Metadata
    disabled: bool
    created: ShownTime | None

    @classmethod
    def of(cls, record: records.Consumer) -> Self:
        """As the API shows it."""
        return cls(
            name=record.name,
            groups=record.groups,
            roles=record.roles,
            tier=record.tier,
            metadata=dict(record.metadata),
            disabled=record.is_disabled,
            created=time_of(record.created),
        )


class Consumers(Listed):
    """A part of the consumers, by name."""

    items: list[Consumer]


async def list_consumers(call: Call, page: Page) -> Answer:
    """By name."""
    found = await call.records.consumers.list(page.after, page.limit)
    last = found[-1].name if found else ""
    items = [Consumer.of(each) for each in found]
    return Answer(200, Consumers(items=items, next=next_page(len(found), page.limit, last)))


async def create_consumer(call: Call, new: NewConsumer) -> Answer:
    """Add one."""
    values = new.model_dump(exclude={"disabled"})
    made = await call.records.consumers.create(records.Consumer(**values, is_disabled=new.disabled))
    headers = {"location": f"/api/v1/consumers/{quote(made.name, safe='')}"}
    return Answer(201, Consumer.of(made), made.name, headers)


async def get_consumer(call: Call, _: Nothing) -> Answer:
    """One of them."""
    return Answer(200, Consumer.of(await call.records.consumers.get(call.path["name"])))


async def change_consumer(call: Call, changes: ConsumerChanges) -> Answer:
    """Replace the members that were sent."""
    values = given(changes)
    if "disabled" in values:
        values["is_disabled"] = values.pop("disabled")
    changed = await call.records.consumers.change(call.path["name"], values)
    return Answer(200, Consumer.of(changed), changed.name)


async def remove_consumer(call: Call, _: Nothing) -> Answer:
    """Together with its keys."""
    await call.records.consumers.remove(call.path["name"])
    return Answer(204, subject=call.path["name"])


ENDPOINTS = (
    Endpoint("list-consumers", "GET", "/v1/consumers", "List consumers.", list_consumers, {200: Consumers}, Page),
    Endpoint(
        "create-consumer",
        "POST",
        "/v1/consumers",
        "Add a consumer.",
        create_consumer,
        {201: Consumer},
        NewConsumer,
        {409: ("consumer-exists",)},
    ),
    Endpoint(
        "get-consumer",
        "GET",
        _ONE,
        "Show a consumer.",
        get_consumer,
        {200: Consumer},
        problems={404: ("consumer-unknown",)},
    ),
    Endpoint(
        "change-consumer",
        "PATCH",
        _ONE,
        "Change the members that are sent (null takes a tier away).",
        change_consumer,
        {200: Consumer},
        ConsumerChanges,
        {404: ("consumer-unknown",)},
    ),
    Endpoint(
        "remove-consumer",
        "DELETE",
        _ONE,
        "Remove a consumer and all its keys.",
        remove_consumer,
        {204: None},
        problems={404: ("consumer-unknown",)},
    ),
)
