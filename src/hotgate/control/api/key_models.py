"""What the API takes and shows of keys."""

import time
from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel, Field, JsonValue

from hotgate.config.units import Duration
from hotgate.control.api.fields import METADATA, Listed, Metadata, Name, Names, Page, ShownTime, Time, time_of
from hotgate.control.api.input import Changes, Input
from hotgate.control.key_administration import IssuedKey
from hotgate.identity.api_keys.managed_key import DEFAULT_ENVIRONMENT
from hotgate.store.bounds import MAX_BATCH
from hotgate.store.records import StoredKey

State = Literal["active", "not-yet-valid", "expired", "revoked"]

_LIMIT = 'Requests that it may make, such as "100/minute"; null: no limit of its own.'
_NETWORKS = "Addresses or CIDR blocks from which it may be used; none: from everywhere."
_ROUTES = "Names of routes that it is for; none: all that accept keys."
_NOT_BEFORE = "When it becomes valid (RFC 3339); null: at once."
_EXPIRES = "When it ends (RFC 3339); null: never."


class NewKey(Input):
    """A key to be."""

    consumer: Name = Field(description="Whose it is.")
    environment: str = Field(default=DEFAULT_ENVIRONMENT, max_length=16, description="A part of the key's text.")
    scopes: Names = Field(default=(), description="What it may be used for.")
    roles: Names = Field(default=(), description="Roles besides those of its consumer.")
    not_before: Time | None = Field(default=None, description=_NOT_BEFORE)
    expires: Time | None = Field(default=None, description=_EXPIRES)
    limit: Name | None = Field(default=None, description=_LIMIT)
    networks: Names = Field(default=(), description=_NETWORKS)
    routes: Names = Field(default=(), description=_ROUTES)
    metadata: Metadata = Field(default={}, description=METADATA)


class KeyChanges(Changes):
    """Members that are to have another value; the others stay."""

    scopes: Names = ()
    roles: Names = ()
    not_before: Time | None = Field(default=None, description=_NOT_BEFORE)
    expires: Time | None = Field(default=None, description=_EXPIRES)
    limit: Name | None = Field(default=None, description=_LIMIT)
    networks: Names = ()
    routes: Names = ()
    metadata: Metadata = {}


class KeyPage(Page):
    """Which part of the keys."""

    consumer: Name | None = Field(default=None, description="Only keys of this one.")
    state: State | None = Field(
        default=None, description="Only keys of this state. A page may then have fewer than `limit` before the last."
    )


class Rotation(Input):
    """How a key is replaced."""

    overlap: Duration = Field(
        default="24h", validate_default=True, description="How long the old key goes on; `0s`: not at all."
    )


class KeyRevocation(Input):
    """Why a key is revoked."""

    reason: str = Field(default="", max_length=200, description="For people.")


class Import(Input):
    """Keys of another system."""

    keys: tuple[dict[str, JsonValue], ...] = Field(
        min_length=1,
        max_length=MAX_BATCH,
        description="Each with `key` (the text) or `sha256` (its digest in hex), `consumer`, and what else a new key "
        "may have; `id` if it has a name already.",
    )
    create_consumers: bool = Field(default=False, description="Add the consumers that do not exist.")


class Key(BaseModel):
    """A key, without its secret."""

    id: str = Field(description="Public: the second part of the key, and its name in logs.")
    consumer: str
    state: State
    environment: str
    hint: str = Field(description="The last characters of the secret, so that its owner recognises it.")
    scopes: Sequence[str]
    roles: Sequence[str]
    not_before: ShownTime | None
    expires: ShownTime | None
    revoked_at: ShownTime | None
    revoked_reason: str | None
    limit: str | None
    networks: Sequence[str]
    routes: Sequence[str]
    metadata: Metadata
    created: ShownTime | None
    last_used: ShownTime | None = Field(description="To the minute.")

    @classmethod
    def of(cls, record: StoredKey) -> Self:
        """As the API shows it."""
        return cls(**_shown(record))


class NewlyIssuedKey(Key):
    """A key that has just been made, with its secret, which is never shown again."""

    key: str = Field(repr=False, description="The secret. Keep it now: nobody can show it again.")

    @classmethod
    def issued(cls, issued: IssuedKey) -> Self:
        """As the API shows it this once."""
        return cls(**_shown(issued.record), key=issued.key)


class Keys(Listed):
    """A part of the keys, by id."""

    items: list[Key]


class Imported(BaseModel):
    """The keys that were taken over."""

    items: list[Key]


def state_of(key: StoredKey, now: float) -> State:
    """What has become of a key. now: epoch seconds."""
    if key.revoked_at is not None:
        return "revoked"
    if key.expires is not None and key.expires <= now:
        return "expired"
    return "not-yet-valid" if key.not_before is not None and key.not_before > now else "active"


def _shown(record: StoredKey) -> dict[str, Any]:
    times = ("not_before", "expires", "revoked_at", "created", "last_used")
    names = ("id", "consumer", "environment", "hint", "scopes", "roles", "revoked_reason", "limit", "networks")
    return {
        **{name: getattr(record, name) for name in (*names, "routes")},
        **{name: time_of(getattr(record, name)) for name in times},
        "metadata": dict(record.metadata),
        "state": state_of(record, time.time()),
    }
