"""What each type of event ends: the session that it names, everything of the user, or nothing.

When in doubt, it ends: the user logs in again, which takes a moment, and whoever has their token cannot.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

Scope = Literal["session", "user", ""]
Payload = Mapping[str, Any]

_CAEP = "https://schemas.openid.net/secevent/caep/event-type/"
_RISC = "https://schemas.openid.net/secevent/risc/event-type/"
_OAUTH = "https://schemas.openid.net/secevent/oauth/event-type/"
_SSF = "https://schemas.openid.net/secevent/ssf/event-type/"

VERIFICATION = f"{_SSF}verification"
STREAM_UPDATED = f"{_SSF}stream-updated"


def ended_by(event_type: str, payload: Payload) -> Scope:
    """Nothing for an event that is unknown, or good news: receivers ignore those (RFC 8417 §2.2)."""
    found = _ENDED.get(event_type, "")
    return found(payload) if callable(found) else found


def _unless(member: str, good: str, scope: Scope = "user") -> Callable[[Payload], Scope]:
    """Everything but the one value that is good news ends something; also a value that is missing or unknown."""
    return lambda payload: "" if payload.get(member) == good else scope


_ENDED: Mapping[str, Scope | Callable[[Payload], Scope]] = {
    # CAEP 1.0 §3
    f"{_CAEP}session-revoked": "session",
    f"{_CAEP}token-claims-change": "session",  # what tokens and sessions say is no longer so: new ones say it
    f"{_CAEP}credential-change": _unless("change_type", "create"),
    f"{_CAEP}assurance-level-change": _unless("change_direction", "increase", "session"),
    f"{_CAEP}device-compliance-change": _unless("current_status", "compliant", "session"),
    f"{_CAEP}risk-level-change": lambda payload: "session" if payload.get("current_level") == "HIGH" else "",
    # RISC 1.0 §2
    f"{_RISC}account-credential-change-required": "user",
    f"{_RISC}account-purged": "user",
    f"{_RISC}account-disabled": "user",
    f"{_RISC}credential-compromise": "user",
    f"{_RISC}identifier-changed": "user",
    f"{_RISC}identifier-recycled": "user",  # somebody else owns it now
    f"{_RISC}sessions-revoked": "user",
    f"{_OAUTH}tokens-revoked": "user",  # Google's
}
