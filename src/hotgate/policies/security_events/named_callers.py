"""By which claim the callers of an entry are named: only events that name somebody by the same claim can end theirs."""

from typing import Any

from hotgate.policies.claim_settings import listed

_CLAIMS = frozenset({"sub", "email"})


def subject_claim(settings: Any) -> str:
    """settings: of a mechanism with tokens or sessions. Raises ValueError where no event can name a caller."""
    claims = getattr(settings, "claims", settings)
    names: tuple[str, ...] = listed(getattr(claims, "subject", ()))
    if len(names) != 1 or names[0] not in _CLAIMS:
        raise ValueError("its `subject` must be the one claim `sub` or `email`: events name callers by nothing else")
    return names[0]
