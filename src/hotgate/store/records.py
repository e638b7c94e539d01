"""What the store holds, as plain values. Nothing here knows a database: workers import it too."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

RevocationKind = Literal["jti", "sub", "sid", "client", "all"]


@dataclass(frozen=True, slots=True)
class Consumer:
    """Who calls: a person, a team or a program. created: epoch seconds. metadata: JSON types, at most 8 KiB."""

    name: str
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    tier: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    is_disabled: bool = False
    created: float = 0.0


@dataclass(frozen=True, slots=True)
class StoredKey:
    """An API key without the key. id: its public name. digest: 32 bytes of `store/pepper.py`. Times: epoch seconds.

    limit: such as "100/minute". networks: CIDR. routes: names. hint: the part of the key that may be shown.
    """

    id: str
    digest: bytes = field(repr=False)
    consumer: str
    environment: str = ""
    scopes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    not_before: float | None = None
    expires: float | None = None
    revoked_at: float | None = None
    revoked_reason: str | None = None
    limit: str | None = None
    networks: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    created: float = 0.0
    last_used: float | None = None
    hint: str = ""


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key and whose it is, read together."""

    key: StoredKey
    consumer: Consumer


@dataclass(frozen=True, slots=True)
class Revocation:
    """What is no longer accepted of a provider's tokens: those whose claim is `value`, or with kind "all" every one.

    before: only tokens issued earlier (epoch seconds); None: all. expires: when this may be forgotten; None: never.
    """

    kind: RevocationKind
    provider: str
    value: str = ""
    before: float | None = None
    reason: str = ""
    created: float = 0.0
    expires: float | None = None


def stronger(old: Revocation, new: Revocation) -> Revocation:
    """One that refuses whatever either of two of the same provider, kind and value refuses, for as long as either."""
    return replace(new, before=_later(old.before, new.before), expires=_later(old.expires, new.expires))


def _later(one: float | None, other: float | None) -> float | None:
    """None is later than any time."""
    return None if one is None or other is None else max(one, other)
