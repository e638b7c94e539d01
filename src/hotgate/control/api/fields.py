"""The types that several resources share: names, lists, times, pages."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, Field, JsonValue, StringConstraints

from hotgate.config.timestamp import Timestamp
from hotgate.control.api.input import Input
from hotgate.store.bounds import MAX_LIST, MAX_NAME, MAX_PAGE

Name = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME)]
Names = Annotated[tuple[Name, ...], Field(max_length=MAX_LIST)]
Metadata = dict[str, JsonValue]
Time = Timestamp
"""In what callers send."""
ShownTime = AwareDatetime
"""In answers."""

_LAST = 253402300799.0  # the end of the year 9999

METADATA = "Anything; a backend can get it."


class Page(Input):
    """Which part of a list."""

    limit: int = Field(default=100, ge=1, le=MAX_PAGE, description="How many at most.")
    after: str = Field(default="", max_length=4096, description="`next` of the page before.")


class Listed(BaseModel):
    """A part of a list. next: where the next part begins; null after the last."""

    next: str | None = Field(description="Send it as `after` for the next page; null: there is none.")


def seconds(time: datetime | None) -> float | None:
    """Epoch seconds."""
    return None if time is None else time.timestamp()


def time_of(epoch: float | None) -> datetime | None:
    """For an answer. Times before 1970 say what 1970 says: it is over."""
    return None if epoch is None else datetime.fromtimestamp(min(max(epoch, 0.0), _LAST), UTC)


def next_page(found: int, limit: int, last: str) -> str | None:
    """The cursor after a page that is full."""
    return last if found == limit else None


def given(changes: Input) -> dict[str, Any]:
    """The members that the caller has sent; null is a value too (RFC 7396)."""
    return {name: getattr(changes, name) for name in type(changes).model_fields if name in changes.model_fields_set}
