"""`/api/v1/sessions`: who is logged in, as far as sessions are kept on the gateway's side, and how they are ended."""

from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel, Field

from hotgate.control.api.endpoint import Answer, Call, Endpoint
from hotgate.control.api.fields import Listed, Name, Page, ShownTime, time_of
from hotgate.control.api.input import Input, Nothing
from hotgate.store.bounds import MAX_VALUE
from hotgate.store.sessions.kept_session import KeptSession

_ALL, _ONE = "/v1/sessions", "/v1/sessions/{provider}/{id}"


class SessionPage(Page):
    """Which part of the sessions."""

    provider: Name = Field(description="The name under `identity`.")
    subject: str | None = Field(default=None, max_length=MAX_VALUE, description="Only those of this subject.")


class Everywhere(Input):
    """Whom to log out."""

    provider: Name = Field(description="The name under `identity`.")
    subject: str = Field(
        min_length=1,
        max_length=MAX_VALUE,
        description="The `sub` of a login, or the subject of tokens.",
    )


class Session(BaseModel):
    """One login. Neither its content nor what opens it is shown to anybody."""

    id: str
    provider: str
    subject: str
    sid: str | None = Field(description="What the provider calls the session.")
    created: ShownTime | None
    last_seen: ShownTime | None = Field(description="To about a minute.")
    ends: ShownTime | None = Field(description="Unless it is used before.")

    @classmethod
    def of(cls, kept: KeptSession) -> Self:
        """As the API shows it."""
        return cls(
            id=kept.id,
            provider=kept.provider,
            subject=kept.subject,
            sid=kept.sid,
            created=time_of(kept.created),
            last_seen=time_of(kept.last_seen),
            ends=time_of(kept.end),
        )


class Sessions(Listed):
    """A part of the sessions of a provider."""

    items: list[Session]


class Ended(BaseModel):
    """What a subject had."""

    kept: int = Field(description="Sessions that were kept on the gateway's side; those in cookies cannot be counted.")


async def list_sessions(call: Call, page: SessionPage) -> Answer:
    """Of one provider."""
    found = await call.records.sessions.list(page.provider, page.subject, page.after, page.limit)
    return Answer(200, Sessions(items=[Session.of(each) for each in found.sessions], next=found.after))


async def end_session(call: Call, _: Nothing) -> Answer:
    """One of them, on every worker within a second."""
    ended = await call.records.sessions.end(call.path["provider"], call.path["id"])
    return Answer(204, subject=f"{ended.provider} {ended.id} of {ended.subject}")


async def end_sessions(call: Call, whom: Everywhere) -> Answer:
    """All of a subject, also those in cookies, and its tokens."""
    kept = await call.records.sessions.end_all(whom.provider, whom.subject)
    return Answer(200, Ended(kept=kept), f"{whom.provider} {whom.subject}")


ENDPOINTS: Sequence[Endpoint] = (
    Endpoint(
        "list-sessions",
        "GET",
        _ALL,
        "List sessions of a provider.",
        list_sessions,
        {200: Sessions},
        SessionPage,
        problems={422: ("invalid",)},
    ),
    Endpoint(
        "end-sessions",
        "DELETE",
        _ALL,
        "Log a subject out everywhere.",
        end_sessions,
        {200: Ended},
        Everywhere,
        problems={422: ("invalid",)},
    ),
    Endpoint(
        "end-session",
        "DELETE",
        _ONE,
        "End a session.",
        end_session,
        {204: None},
        problems={404: ("session-unknown",), 422: ("invalid",)},
    ),
)
