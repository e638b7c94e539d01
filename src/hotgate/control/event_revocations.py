"""What events end, as revocations: for each entry in the words of its own tokens and sessions."""

from collections.abc import Iterable, Mapping

from hotgate.control.revoker import issued_before
from hotgate.identity.events.ended import Ended
from hotgate.store.records import Revocation


def event_revocations(
    ended: Iterable[Ended], subjects: Mapping[str, str], reason: str, now: float, expires: float
) -> list[Revocation]:
    """subjects: entry → the claim that its callers are named by: only what is of that claim can name one of them."""
    return [
        Revocation(
            "sub" if each.kind == "email" else each.kind,
            provider,
            each.value,
            before=None if each.before is None else issued_before(each.before, now),
            reason=reason,
            created=now,
            expires=expires,
        )
        for each in ended
        for provider, subject in subjects.items()
        if each.kind not in ("sub", "email") or each.kind == subject
    ]
