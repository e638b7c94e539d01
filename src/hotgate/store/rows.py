"""Records ↔ rows. Nothing here knows a database: workers decode rows with it too."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from hotgate.store.records import Consumer, Revocation, StoredKey

CONSUMER_COLUMNS = ("name", "groups", "roles", "tier", "metadata", "is_disabled", "created")
KEY_COLUMNS = (
    *("id", "digest", "consumer", "environment", "scopes", "roles", "not_before", "expires", "revoked_at"),
    *("revoked_reason", "rate_limit", "networks", "routes", "metadata", "created", "last_used", "hint"),
)
REVOCATION_COLUMNS = ("provider", "kind", "value", "before", "reason", "created", "expires")


def consumer_row(consumer: Consumer) -> dict[str, Any]:
    """Column → value."""
    return {
        "name": consumer.name,
        "groups": list_text(consumer.groups),
        "roles": list_text(consumer.roles),
        "tier": consumer.tier,
        "metadata": mapping_text(consumer.metadata),
        "is_disabled": consumer.is_disabled,
        "created": consumer.created,
    }


def key_row(key: StoredKey) -> dict[str, Any]:
    """Column → value."""
    row = {name: getattr(key, _FIELDS.get(name, name)) for name in KEY_COLUMNS}
    return row | {name: list_text(row[name]) for name in _LISTS} | {"metadata": mapping_text(key.metadata)}


def revocation_row(revocation: Revocation) -> dict[str, Any]:
    """Column → value."""
    return {name: getattr(revocation, name) for name in REVOCATION_COLUMNS}


def consumer_of(row: Sequence[Any]) -> Consumer:
    """From the values of CONSUMER_COLUMNS."""
    name, groups, roles, tier, metadata, is_disabled, created = row
    return Consumer(name, _listed(groups), _listed(roles), tier, _mapped(metadata), bool(is_disabled), created)


def key_of(row: Sequence[Any]) -> StoredKey:
    """From the values of KEY_COLUMNS."""
    (id_, digest, consumer, environment, scopes, roles, not_before, expires, revoked_at) = row[:9]
    (reason, limit, networks, routes, metadata, created, last_used, hint) = row[9:]
    return StoredKey(
        id_,
        digest,
        consumer,
        environment,
        _listed(scopes),
        _listed(roles),
        not_before,
        expires,
        revoked_at,
        reason,
        limit,
        _listed(networks),
        _listed(routes),
        _mapped(metadata),
        created,
        last_used,
        hint,
    )


def revocation_of(row: Sequence[Any]) -> Revocation:
    """From the values of REVOCATION_COLUMNS."""
    provider, kind, *rest = row
    return Revocation(kind, provider, *rest)


def revocation_name(provider: str, kind: str, value: str) -> str:
    """What a change of it is noted under."""
    return json.dumps([provider, kind, value])


def list_text(values: Sequence[str]) -> str | None:
    """A column's text for a list."""
    return json.dumps(list(values), ensure_ascii=False, separators=(",", ":")) if values else None


def mapping_text(values: Mapping[str, Any]) -> str | None:
    """A column's text for a mapping."""
    return json.dumps(dict(values), ensure_ascii=False, separators=(",", ":")) if values else None


_FIELDS = {"rate_limit": "limit"}  # a word of SQL
_LISTS = ("scopes", "roles", "networks", "routes")


@lru_cache(4096)  # many keys have the same few lists
def _decoded_list(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def _listed(text: str | None) -> tuple[str, ...]:
    return _decoded_list(text) if text else ()


def _mapped(text: str | None) -> dict[str, Any]:
    return json.loads(text) if text else {}
