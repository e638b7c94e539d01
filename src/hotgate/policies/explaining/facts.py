"""Decisions, callers and limits as JSON, for people: bounded, and without what may be secret."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hotgate.http.response import Response
from hotgate.identity.principal import Principal
from hotgate.observe.redaction import without_credentials
from hotgate.pipeline.decision import Decision
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.conditions.attribute import Unreadable
from hotgate.policies.conditions.attributes import ATTRIBUTES
from hotgate.policies.limits.limit_rule import DRY_RUN

MASKED = "[masked]"
MAX_TEXT = 256  # characters of one value
MAX_NAMES = 64  # of a list
_SHOWN = frozenset(each.name for each in ATTRIBUTES if not each.is_sensitive)
_REFUSES_FROM = 400
_PARAMETER = "path."  # a part of the path, which every log has


def is_denial(response: Response, decision: Decision | None) -> bool:
    """Whether this answer of the gateway refuses. Services that are asked may do so by a redirect to a login."""
    return response.status >= _REFUSES_FROM or (decision is not None and not decision.allowed)


def attribute_values(decision: Decision, exchange: Exchange) -> dict[str, Any]:
    """What a rule has looked at, as it is now; of what is not known to be harmless only that it was looked at."""
    return {name: _value(name, read, exchange) for name, read in decision.attributes.items()}


def principal_facts(principal: Principal) -> dict[str, Any]:
    """Who it is and what it may; never its claims, nor what has proved it."""
    facts: dict[str, Any] = {
        "subject": shown_text(principal.subject),
        "provider": principal.provider,
        "mechanism": principal.mechanism,
    }
    told = {"credential": principal.credential, "application": principal.client}
    for name, text in {**told, "tier": principal.tier, "tenant": principal.tenant}.items():
        if text is not None:
            facts[name] = shown_text(text)
    for name in ("scopes", "roles", "groups"):
        if names := getattr(principal, name):
            facts[name] = [shown_text(each) for each in sorted(names)[:MAX_NAMES]]
    return facts


def limit_facts(exchange: Exchange) -> dict[str, Any]:
    """`limit`: the one that decided, and what is left of it. `dry_run`: which would have refused."""
    limit, would_refuse = exchange.limit, exchange.state.get(DRY_RUN, ())
    facts: dict[str, Any] = {"dry_run": [path_text(each) for each in would_refuse]} if would_refuse else {}
    if limit is not None:
        told = {"name": limit.policy, "quota": limit.quota, "window": limit.window}
        left = {"remaining": max(0, limit.remaining)}
        facts["limit"] = {**told, **left, **({} if limit.allowed else {"retry_after": limit.retry_after})}
    return facts


def path_text(decision: Decision) -> str:
    """`routes[0].authorize`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in decision.path)
    return text.removeprefix(".")


def shown_text(text: str) -> str:
    """Cut, and without whatever looks like a credential. Half of a surrogate pair is no text that others can read."""
    well_formed = text[: 4 * MAX_TEXT].encode("utf-8", "replace").decode()
    found = without_credentials(well_formed)
    return found if len(found) <= MAX_TEXT else f"{found[:MAX_TEXT]}…"


def _value(name: str, read: Any, exchange: Exchange) -> Any:
    if name not in _SHOWN and not name.startswith(_PARAMETER):
        return MASKED
    try:
        return _shown(read(exchange))
    except (Unreadable, KeyError, ValueError) as error:
        return f"[unreadable: {type(error).__name__}]"


def _shown(value: Any) -> Any:
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, Mapping):
        return {shown_text(str(key)): _shown(each) for key, each in list(value.items())[:MAX_NAMES]}
    if isinstance(value, list | tuple | frozenset):
        return [_shown(each) for each in list(value)[:MAX_NAMES]]
    return shown_text(str(value))
