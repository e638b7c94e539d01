"""Callers with keys, told apart by name; one of them may have the role `gold`."""

from hashlib import sha256
from typing import Any

from wire.samples import get

_NAMES = ("ada", "bob", "cyd", "gold")


def identities() -> dict[str, Any]:
    """The value of `identity:` that knows them."""
    keys = [
        {
            "id": name,
            "sha256": sha256(_key(name).encode()).hexdigest(),
            "roles": ["gold"] if name == "gold" else [],
        }
        for name in _NAMES
    ]
    return {"partners": {"api_key": {"keys": keys}}}


def called_by(name: str, target: str = "/", *fields: str) -> bytes:
    """A request of one of them."""
    return get(target, f"X-Api-Key: {_key(name)}", *fields)


def _key(name: str) -> str:
    return f"key-of-{name}".ljust(24, "0")
