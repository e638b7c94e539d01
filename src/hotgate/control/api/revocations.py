"""`/api/v1/revocations`: tokens that are no longer accepted."""

from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel, Field

from hotgate.control.administration_error import AdministrationError
from hotgate.control.api.endpoint import Answer, Call, Endpoint
from hotgate.control.api.fields import Listed, Name, Page, ShownTime, Time, next_page, seconds, time_of
from hotgate.control.api.input import Input, Nothing
from hotgate.control.problem import Problem, WrongMember
from hotgate.identity.base64url import decode, encode
from hotgate.store import records
from hotgate.store.bounds import MAX_VALUE

_ALL, _ONE = "/v1/revocations", "/v1/revocations/{id}"
_FIRST = ("", "", "")

Triple = tuple[str, str, str]


class NewRevocation(Input):
    """Tokens of a provider that are to be refused."""

    kind: records.RevocationKind = Field(description="Which claim `value` is of; `all`: every token of the provider.")
    provider: Name = Field(description="The name under `identity`.")
    value: str = Field(default="", max_length=MAX_VALUE, description="The claim's value; empty for `all`.")
    before: Time | None = Field(
        default=None, description="Only tokens that were issued earlier (RFC 3339). Null: all; with `all`: until now."
    )
    reason: str = Field(default="", max_length=200, description="For people.")
    expires: Time | None = Field(default=None, description="When this can be forgotten; null: never.")


class Revocation(BaseModel):
    """Tokens that are refused."""

    id: str = Field(description="For the path.")
    kind: records.RevocationKind
    provider: str
    value: str
    before: ShownTime | None
    reason: str
    created: ShownTime | None
    expires: ShownTime | None

    @classmethod
    def of(cls, record: records.Revocation) -> Self:
        """As the API shows it."""
        return cls(
            id=_id((record.provider, record.kind, record.value)),
            kind=record.kind,
            provider=record.provider,
            value=record.value,
            before=time_of(record.before),
            reason=record.reason,
            created=time_of(record.created),
            expires=time_of(record.expires),
        )


class Revocations(Listed):
    """A part of the revocations, by provider, kind and value."""

    items: list[Revocation]


async def list_revocations(call: Call, page: Page) -> Answer:
    """By provider, kind and value."""
    try:
        after = triple_after(page.after)
    except ValueError:
        wrong = [WrongMember("after", "is no `next` of a page")]
        raise Problem(422, "input-invalid", "The input is not as it should be; `errors` says where.", wrong) from None
    items = [Revocation.of(each) for each in await call.records.revocations.list(after, page.limit)]
    last = items[-1].id if items else ""
    return Answer(200, Revocations(items=items, next=next_page(len(items), page.limit, last)))


async def add_revocation(call: Call, new: NewRevocation) -> Answer:
    """Add one, or replace the one of the same provider, kind and value."""
    values = new.model_dump() | {"before": seconds(new.before), "expires": seconds(new.expires)}
    added = Revocation.of(await call.records.revocations.add(records.Revocation(**values)))
    return Answer(201, added, f"{added.provider} {added.kind} {added.value}".rstrip())


async def lift_revocation(call: Call, _: Nothing) -> Answer:
    """Take one back."""
    revocations = call.records.revocations
    try:
        provider, kind, value = _triple(call.path["id"])
    except ValueError:
        raise AdministrationError("revocation-unknown", "there is no such revocation") from None
    await revocations.lift(provider, kind, value)
    return Answer(204, subject=f"{provider} {kind} {value}".rstrip())


def _id(key: Triple) -> str:
    """What identifies a revocation may hold any character but NUL; this is fit for a path."""
    return encode("\0".join(key).encode()).decode("ascii")


def triple_after(cursor: str) -> Triple:
    """Behind which triple a page begins. cursor: `next` of the page before, or "". Raises ValueError for another."""
    return _triple(cursor) if cursor else _FIRST


def _triple(text: str) -> Triple:
    """Raises ValueError for what `_id` has not made."""
    provider, kind, value = decode(text.encode("ascii")).decode().split("\0")
    return provider, kind, value


ENDPOINTS: Sequence[Endpoint] = (
    Endpoint("list-revocations", "GET", _ALL, "List revocations.", list_revocations, {200: Revocations}, Page),
    Endpoint(
        "add-revocation",
        "POST",
        _ALL,
        "Refuse tokens, or replace the revocation of the same provider, kind and value.",
        add_revocation,
        {201: Revocation},
        NewRevocation,
    ),
    Endpoint(
        "lift-revocation",
        "DELETE",
        _ONE,
        "Accept tokens again.",
        lift_revocation,
        {204: None},
        problems={404: ("revocation-unknown",)},
    ),
)
