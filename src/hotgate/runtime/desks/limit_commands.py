"""Answers `hotgate limits` and `hotgate quotas` (`operator_desk`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hotgate.store.errors import StoreUnavailable

if TYPE_CHECKING:
    from hotgate.runtime.desks.limit_operations import LimitOperations
    from hotgate.runtime.workers.channel import Message

LIMIT_COMMANDS = ("list_limits", "list_limit", "reset_limit")
QUOTA_COMMANDS = ("list_quotas", "list_quota", "reset_quota")

_NO_LIMIT = "nobody has used a limit of this name, or this key of it"
_NO_QUOTA = "this key has used nothing of a quota of this name"


async def answer_limits(operations: LimitOperations, message: Message) -> Message:
    """The answer; its `reason` says why there is none."""
    limit, key = str(message.get("limit", "")), str(message.get("key", ""))
    if message["type"] == "list_limits":
        return {"reason": "", "items": operations.limited(limit, str(message["containing"]))}
    if message["type"] == "reset_limit":
        try:
            return {"reason": "" if await operations.reset(limit, key) else _NO_LIMIT}
        except StoreUnavailable as error:
            return {"reason": _no_quotas(error)}
    found = operations.standing(limit, key)
    return {"reason": "", "item": found} if found else {"reason": _NO_LIMIT}


async def answer_quotas(operations: LimitOperations, message: Message) -> Message:
    """The same for quotas."""
    quota, key = str(message["quota"]), str(message.get("key", ""))
    try:
        if message["type"] == "list_quotas":
            return {"reason": "", "items": await operations.quotas(quota, str(message["containing"]))}
        if message["type"] == "reset_quota":
            return {"reason": "" if await operations.reset_quota(quota, key) else _NO_QUOTA}
        found = await operations.quota(quota, key)
    except StoreUnavailable as error:
        return {"reason": _no_quotas(error)}
    return {"reason": "", "item": found} if found else {"reason": _NO_QUOTA}


def _no_quotas(error: StoreUnavailable) -> str:
    return f"quotas cannot be read: {error}"
