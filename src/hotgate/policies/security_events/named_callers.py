"""By which claim the callers of an entry are named: only events that name somebody by the same claim can end theirs."""

from hotgate.config.gateway import Identity
from hotgate.policies.tokens.claim_settings import listed

_CLAIMS = frozenset({"sub", "email"})


def subject_claim(entry: Identity) -> str:
    """Raises ValueError for an entry of which no event could end anything."""
    if entry.mechanism == "oidc":
        return "sub"  # a session keeps the provider's own name for its user, whatever backends are told
    if entry.mechanism not in ("jwt", "introspection"):
        raise ValueError("it has no tokens or sessions; name an entry of jwt, introspection or oidc")
    names: tuple[str, ...] = listed(entry.settings.subject)
    if len(names) != 1 or names[0] not in _CLAIMS:
        raise ValueError("its `subject` must be the one claim `sub` or `email`: events name callers by nothing else")
    return names[0]
