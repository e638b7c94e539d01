"""What a record may hold: bounds that keep rows small, pages readable and both databases of one mind."""

import json
import math
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from hotgate.store.errors import InvalidRecord
from hotgate.store.records import Consumer, Revocation, RevocationKind, StoredKey

MAX_NAME = 200  # characters
MAX_VALUE = 512  # characters of a claim
MAX_LIST = 100  # entries
MAX_METADATA = 8192  # characters of JSON
DIGEST_BYTES = 32
MAX_PAGE = 1000  # records that are read at once
MAX_BATCH = 10_000  # keys or revocations that are added at once


def check_consumer(consumer: Consumer) -> None:
    """Raises InvalidRecord."""
    _check_text("name", consumer.name)
    _check_distinct("name", consumer.name)
    _check_list("groups", consumer.groups)
    _check_list("roles", consumer.roles)
    _check_optional("tier", consumer.tier)
    _check_metadata(consumer.metadata)
    _check_times(created=consumer.created)


def check_key(key: StoredKey) -> None:
    """Raises InvalidRecord."""
    _check_text("id", key.id)
    _check_text("consumer", key.consumer)
    if not isinstance(key.digest, bytes) or len(key.digest) != DIGEST_BYTES:
        raise InvalidRecord(f"digest must have {DIGEST_BYTES} bytes")
    for name in ("scopes", "roles", "networks", "routes"):
        _check_list(name, getattr(key, name))
    for name in ("revoked_reason", "limit", "environment", "hint"):
        _check_optional(name, getattr(key, name))
    _check_metadata(key.metadata)
    _check_times(
        not_before=key.not_before,
        expires=key.expires,
        revoked_at=key.revoked_at,
        created=key.created,
        last_used=key.last_used,
    )


def check_revocation(revocation: Revocation) -> None:
    """Raises InvalidRecord."""
    if revocation.kind not in get_args(RevocationKind):
        raise InvalidRecord(f"kind must be one of {', '.join(get_args(RevocationKind))}")
    _check_text("provider", revocation.provider)
    if (revocation.kind == "all") != (revocation.value == ""):
        raise InvalidRecord("value must be given, and be empty for kind all")
    _check_claim(revocation.value)
    _check_optional("reason", revocation.reason)
    _check_times(before=revocation.before, created=revocation.created, expires=revocation.expires)


def _check_text(name: str, text: object) -> None:
    # PostgreSQL cannot keep a NUL, and a line end in a name would forge lines of lists and logs.
    if not isinstance(text, str) or not 0 < len(text) <= MAX_NAME or not text.isprintable():
        raise InvalidRecord(f"{name} must be 1 to {MAX_NAME} printable characters")


def _check_distinct(name: str, text: str) -> None:
    """Two names that look the same, and that a form or a header field may make the same, are not two callers."""
    if text != text.strip() or not unicodedata.is_normalized("NFC", text):
        raise InvalidRecord(f"{name} must be in Unicode's form NFC, and neither begin nor end with a space")


def _check_claim(value: object) -> None:
    """An issuer's text, not ours: whoever names themselves with an invisible character must be revocable too."""
    if not isinstance(value, str) or len(value) > MAX_VALUE or "\0" in value or not _is_unicode(value):
        raise InvalidRecord(f"value must be text of at most {MAX_VALUE} characters without NUL")


def _is_unicode(text: str) -> bool:
    """Without lone surrogates, which no database keeps."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _check_optional(name: str, text: str | None) -> None:
    if text:
        _check_text(name, text)


def _check_list(name: str, values: Iterable[str]) -> None:
    if not isinstance(values, tuple) or len(values) > MAX_LIST:
        raise InvalidRecord(f"{name} may have at most {MAX_LIST} entries")
    for value in values:
        _check_text(name, value)


def _check_metadata(metadata: Mapping[str, Any]) -> None:
    try:
        text = json.dumps(dict(metadata), ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError, RecursionError):
        raise InvalidRecord("metadata must be a mapping of JSON values") from None
    if len(text) > MAX_METADATA:
        raise InvalidRecord(f"metadata may have at most {MAX_METADATA} characters of JSON")


def _check_times(**times: float | None) -> None:
    for name, time in times.items():
        if time is not None and not (isinstance(time, (int, float)) and math.isfinite(time)):
            raise InvalidRecord(f"{name} must be a time in epoch seconds")
